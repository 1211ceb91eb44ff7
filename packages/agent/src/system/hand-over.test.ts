import { chmod, link, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identityOf } from './directory-tree.ts';
import { handOver, verifyOwner, type TreeRules } from './hand-over.ts';
import type { Root } from './walk-tree.ts';

let directory: string;
let root: Root;
const signal = new AbortController().signal;
const own = process.geteuid?.() ?? 0;
const asRoot = own === 0;
/** Somebody else, where the test may give files away. */
const other = asRoot ? 65_534 : own;
const rules: TreeRules = {
  owner: { uid: other, gid: asRoot ? 65_534 : (process.getegid?.() ?? 0), directoryMode: 0o700, fileMode: 0o600 },
  from: own,
  mayLink: (name, target) => name === 'pg_wal' && target === '/elsewhere',
  isForeign: (name) => name === 'live.conf',
};

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-hand-over-'));
  const tree = path.join(directory, 'tree');
  await mkdir(path.join(tree, 'base', '1'), { recursive: true });
  await writeFile(path.join(tree, 'base', '1', 'rows'), 'rows');
  await symlink('/elsewhere', path.join(tree, 'pg_wal'));
  await writeFile(path.join(tree, 'live.conf'), 'x', { mode: 0o644 });
  await chmod(path.join(tree, 'live.conf'), 0o644);
  const { device = '', inode = '' } = (await identityOf(tree)) ?? {};
  root = { path: tree, device, inode };
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

const give = () => handOver(root, rules, signal, () => undefined);

describe('a tree that is handed over', () => {
  test('belongs to the new owner with every file, with the modes of a data directory and live’s own for live’s files', async () => {
    expect(await give()).toMatchObject({ files: 2 });
    for (const [name, mode] of [
      ['', 0o700],
      ['base/1', 0o700],
      ['base/1/rows', 0o600],
      ['live.conf', 0o644],
    ] as const) {
      const found = await stat(path.join(root.path, name));
      expect([found.uid, found.mode & 0o7777], name).toEqual([other, mode]);
    }
    expect(await verifyOwner(root, rules, signal)).toMatchObject({ files: 2 });
  });

  test('may have been handed over in part before', async () => {
    await give();
    expect(await give()).toMatchObject({ files: 2 });
  });

  test('is not taken for another directory of the same name', async () => {
    await rename(root.path, path.join(directory, 'aside'));
    await mkdir(root.path);
    await expect(give()).rejects.toThrow('it is not the directory that the agent made');
    await rm(root.path, { recursive: true });
    await symlink(path.join(directory, 'aside'), root.path);
    await expect(give()).rejects.toThrow('it was exchanged while it was looked at');
  });

  test('is looked at again: what was slipped in behind the first pass is found', async () => {
    const outside = path.join(directory, 'outside');
    await writeFile(outside, 'precious', { mode: 0o600 });
    await give();
    const planted = path.join(root.path, 'base', 'planted');
    await symlink(outside, planted);
    await expect(verifyOwner(root, rules, signal)).rejects.toThrow('base/planted: it is a symbolic link to');
    await rm(planted);
    await link(path.join(root.path, 'base', '1', 'rows'), planted);
    await expect(verifyOwner(root, rules, signal)).rejects.toThrow('the file has 2 names');
    await rm(planted);
    await chmod(path.join(root.path, 'base', '1', 'rows'), 0o666);
    await expect(verifyOwner(root, rules, signal)).rejects.toThrow('its mode is 666 again');
    expect(await stat(outside)).toMatchObject({ uid: own });
  });

  test('stops when it is cancelled', async () => {
    await expect(handOver(root, rules, AbortSignal.abort(), () => undefined)).rejects.toThrow('aborted');
  });
});
