import { spawn } from 'node:child_process';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { repositoryRoot } from '../structure/repository.ts';

/**
 * Runs a program with `tree` as its root and resolves with its exit code. Its mounts and processes are in namespaces of their
 * own, so that they end with it, with this process, or with `signal`: nothing has to be unmounted, and nothing can be forgotten.
 */
export async function runInTree(
  tree: string,
  program: readonly string[],
  options: {
    readonly signal: AbortSignal;
    readonly env?: Readonly<Record<string, string>>;
    /** Where both streams of output go instead of to those of this process. */
    readonly output?: number;
    /** The network namespace, by the name that `ip netns` has for it; this process's own when left out. */
    readonly network?: string;
    /** Others run in the same tree, and whoever started them waits for their end. */
    readonly beside?: boolean;
  },
): Promise<number> {
  const own = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    path.join(import.meta.dirname, 'in-namespace.ts'),
  ];
  const namespace = ['unshare', '--mount', '--propagation', 'private', '--', ...own, tree, repositoryRoot, ...program];
  const network = options.network === undefined ? [] : ['ip', 'netns', 'exec', options.network];
  const child = spawn('/usr/bin/setpriv', ['--pdeathsig', 'KILL', '--', ...network, ...namespace], {
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LC_ALL: 'C.UTF-8',
      DEBIAN_FRONTEND: 'noninteractive',
      ...options.env,
    },
    stdio: ['ignore', options.output ?? 'inherit', options.output ?? 'inherit'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // unshare ignores the gentler ones while it waits.
  const kill = (): void => void child.kill('SIGKILL');
  options.signal.addEventListener('abort', kill);
  if (options.signal.aborted) kill();
  child.on('error', reject);
  child.on('exit', (code) => resolve(code ?? 128));
  try {
    return await promise;
  } finally {
    options.signal.removeEventListener('abort', kill);
    if (options.beside !== true) await processesGone(tree);
  }
}

/** Removes a tree; refuses while anything is mounted in it, because that would be deleted with it. */
export async function removeTree(tree: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
  const inside = mounts.filter((at) => at === tree || at.startsWith(`${tree}/`));
  if (inside.length > 0) throw new Error(`cannot remove ${tree}: ${inside.join(', ')} is mounted; unmount it first`);
  await rm(tree, { recursive: true, force: true, maxRetries: 5 });
}

/** Killing a process namespace takes a moment in which its processes may still write. */
async function processesGone(tree: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const roots = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/root`).catch(() => '')));
    if (!roots.includes(tree)) return;
    await delay(100);
  }
  throw new Error(`cannot end the processes whose root is ${tree}`);
}
