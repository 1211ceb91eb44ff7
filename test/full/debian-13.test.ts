import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runInTree, removeTree } from '../../scripts/debian/run-in-tree.ts';
import { poll } from '../lab/poll.ts';
import { mustRun } from '../lab/run-command.ts';
import { cacheDirectory } from '../lab/unpacked-packages.ts';

const isRoot = process.geteuid?.() === 0;
const SCRIPT = path.join(import.meta.dirname, '../../scripts/debian-13.ts');

/** After SIGKILL nobody is left who could remove the tree: the next run does, or this test. */
const ends = [
  { signal: 'SIGINT', trees: 0 },
  { signal: 'SIGKILL', trees: 1 },
] as const;

test.for(ends)(
  'a run on Debian 13 that ends by $signal leaves no process and no mount',
  async ({ signal, trees }, { skip }) => {
    if (!isRoot) skip('only root can make a Debian 13 in a directory and enter it');
    const run = spawn(process.execPath, [SCRIPT, 'test/full/hold.test.ts'], { stdio: 'ignore' });
    const ended = once(run, 'exit');
    await poll('a process in the tree', 600_000, async () => ((await inTrees(run.pid)).length > 0 ? true : undefined));
    run.kill(signal);
    await ended;
    await poll('the end of its processes', 10_000, async () =>
      (await inTrees(run.pid)).length === 0 ? true : undefined,
    );
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(`/tree-${run.pid}-`);
    const left = await treesOf(run.pid);
    expect(left).toHaveLength(trees);
    for (const name of left) await removeTree(path.join(await cacheDirectory(), name));
  },
);

test('a tree in which something is mounted is not removed, because that would be removed with it', async ({ skip }) => {
  if (!isRoot) skip('only root can mount');
  const tree = await mkdtemp(path.join(tmpdir(), 'barback-tree-'));
  await mustRun(['mount', '-t', 'tmpfs', 'tmpfs', tree]);
  try {
    await expect(removeTree(tree)).rejects.toThrow(`${tree} is mounted`);
  } finally {
    await mustRun(['umount', tree]);
    await rm(tree, { recursive: true });
  }
});

test('a program that cannot be started in a tree is an exit code, not a success', async ({ skip }) => {
  if (!isRoot) skip('only root can enter a tree');
  const tree = await mkdtemp(path.join(tmpdir(), 'barback-tree-'));
  expect(await runInTree(tree, ['/usr/bin/true'], { signal: new AbortController().signal })).not.toBe(0);
  await removeTree(tree);
});

async function treesOf(pid: number | undefined): Promise<string[]> {
  return (await readdir(await cacheDirectory())).filter((name) => name.startsWith(`tree-${pid}-`));
}

/** Processes whose root is the tree of one run. */
async function inTrees(pid: number | undefined): Promise<string[]> {
  const found: string[] = [];
  for (const one of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const root = await readlink(`/proc/${one}/root`).catch(() => '');
    if (root.includes(`/tree-${pid}-`)) found.push(one);
  }
  return found;
}
