import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureRequirements } from '../../test/lab/requirements.ts';
import { SUMMARY_FILE_VARIABLE, TestSummary } from '../checks/test-summary.ts';
import { tools } from '../checks/tools.ts';
import { repositoryRoot } from '../structure/repository.ts';
import { PROJECT_PLACE, SUMMARY_PLACE } from './places.ts';
import { provideTree, type TreeKind } from './provide-tree.ts';
import { removeTree, runInTree } from './run-in-tree.ts';

const debian13: TreeKind = {
  suite: 'trixie',
  name: 'tests',
  packages: [
    'postgresql-17',
    'barman',
    'rsync',
    'curl',
    'openssl',
    'openssh-client',
    'openssh-server',
    // What openssh-server takes instead of the whole of systemd.
    'systemd-standalone-sysusers',
    'bzip2',
    'xz-utils',
    'zstd',
    'lz4',
    'python3-zstandard',
    'python3-lz4',
    'procps',
    // The first process of the namespace: it reaps what others leave.
    'tini',
  ],
};

export interface Debian13Run {
  readonly summary: TestSummary | undefined;
  readonly code: number;
}

/** Why the tests cannot be run on Debian 13 by this user; undefined when they can. */
export function whyNotDebian13(): string | undefined {
  if (process.geteuid?.() !== 0) return 'only root can make a Debian 13 in a directory and enter it';
  const tried = spawnSync('/usr/bin/unshare', ['--mount', '--pid', '--ipc', '--fork', '/usr/bin/true'], {
    encoding: 'utf8',
  });
  return tried.status === 0 ? undefined : `this machine lets root make no namespaces: ${(tried.stderr ?? '').trim()}`;
}

/** Runs end-to-end tests with a Debian 13 as their root, in a tree that is removed again however this ends. */
export async function runDebian13(
  files: readonly string[],
  options: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<Debian13Run> {
  const { signal } = options;
  await ensureRequirements({ programs: { debootstrap: 'debootstrap', unshare: 'util-linux' } });
  const tree = await provideTree(debian13, signal, options.say);
  try {
    const inside = (file: string): string => path.join(PROJECT_PLACE, path.relative(repositoryRoot, file));
    const [vitest, ...more] = tools.vitest;
    // Files of both are on the list; a project that is not named would leave its files out without a word.
    const projects = ['--project', 'end-to-end', '--project', 'full'];
    const argv = [inside(process.execPath), inside(vitest), ...more, ...projects, '--maxWorkers=1'];
    const plain: Record<string, string> = process.stdout.isTTY ? {} : { NO_COLOR: '1' };
    const env = { ...plain, [SUMMARY_FILE_VARIABLE]: SUMMARY_PLACE };
    const code = await runInTree(tree, ['/usr/bin/tini', '--', ...argv, ...files], { signal, env });
    return { summary: await readSummary(path.join(tree, SUMMARY_PLACE)), code };
  } finally {
    await removeTree(tree);
  }
}

async function readSummary(file: string): Promise<TestSummary | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : TestSummary.parse(JSON.parse(text));
}
