import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory, debianMirror } from '../../test/lab/unpacked-packages.ts';
import { removeTree, runInTree } from './run-in-tree.ts';
import { PROJECT_PLACE } from './places.ts';

/** A Debian in a directory: which, and with what. */
export interface TreeKind {
  readonly suite: 'bullseye' | 'bookworm' | 'trixie';
  /** Names it among others of the same suite. */
  readonly name: string;
  readonly packages: readonly string[];
}

/** Written last; says what the tree was made of. */
const STAMP = 'etc/barback-tree';
/** Older trees are made anew: for newer packages, and because old files in /var/tmp may be cleaned away one by one. */
const OLDEST_MS = 7 * 24 * 3_600_000;

/** A fresh copy of such a Debian, for one run; the caller removes it. The original is kept for a week. */
export async function provideTree(kind: TreeKind, signal: AbortSignal, say: (line: string) => void): Promise<string> {
  const cache = await cacheDirectory();
  await removeAbandoned(cache);
  const base = path.join(cache, `debian-${kind.suite}-${kind.name}`);
  if (!(await isUsable(base, kind))) await makeBase(base, kind, signal, say);
  const copy = path.join(cache, `tree-${process.pid}-${randomBytes(3).toString('hex')}`);
  try {
    await run(['cp', '-a', '--reflink=auto', base, copy], signal);
    return copy;
  } catch (error) {
    await removeTree(copy);
    throw error;
  }
}

async function makeBase(base: string, kind: TreeKind, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const building = `${path.dirname(base)}/tree-${process.pid}-${randomBytes(3).toString('hex')}`;
  try {
    say(`making a Debian ${kind.suite} for ${kind.name} in ${base} (once a week, about a minute) …`);
    // It mounts /proc in the tree, which must not be left there when it is killed.
    const unshare = ['unshare', '--mount', '--propagation', 'private', '--'];
    await run([...unshare, 'debootstrap', '--variant=minbase', kind.suite, building, await debianMirror()], signal);
    await mkdir(path.join(building, PROJECT_PLACE), { recursive: true });
    // No service may start, and PostgreSQL's package makes no cluster.
    await writeFile(path.join(building, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    const settings = path.join(building, 'etc/postgresql-common/createcluster.d');
    await mkdir(settings, { recursive: true });
    await writeFile(path.join(settings, 'barback.conf'), 'create_main_cluster = false\n');
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...kind.packages], ['clean']]) {
      const code = await runInTree(building, ['apt-get', '-qq', ...args], { signal });
      if (code !== 0) throw new Error(`cannot complete apt-get ${args.join(' ')} in ${building}: exit code ${code}`);
    }
    await writeFile(path.join(building, STAMP), fingerprint(kind));
    await removeTree(base);
    await rename(building, base);
  } finally {
    await removeTree(building);
  }
}

async function isUsable(base: string, kind: TreeKind): Promise<boolean> {
  const stamp = path.join(base, STAMP);
  const text = await readFile(stamp, 'utf8').catch(() => '');
  return text === fingerprint(kind) && Date.now() - (await stat(stamp)).mtimeMs < OLDEST_MS;
}

function fingerprint({ suite, packages }: TreeKind): string {
  return createHash('sha256')
    .update([suite, ...packages].join('\n'))
    .digest('hex');
}

/** Copies of processes that were killed. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const pid = /^tree-(\d+)-/.exec(name)?.[1];
    if (pid === undefined) continue;
    const alive = await access(`/proc/${pid}`).then(
      () => true,
      () => false,
    );
    if (!alive) await removeTree(path.join(cache, name));
  }
}

/** Runs a program to its end, quietly unless it fails. */
async function run(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const [program = '', ...args] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  child.on('error', reject);
  child.on('close', resolve);
  const code = await promise;
  if (code !== 0) throw new Error(`cannot complete ${argv.join(' ')}: exit code ${code}\n${output.slice(-2_000)}`);
}
