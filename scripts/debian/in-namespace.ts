// Runs in a mount namespace of its own: mounts what a Debian tree needs, then becomes the program that is to run in it.
// Usage: in-namespace.ts TREE PROJECT PROGRAM [ARGUMENT...]
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { PROJECT_PLACE } from './places.ts';

function mount(...args: readonly string[]): void {
  const done = spawnSync('/usr/bin/mount', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) throw new Error(`cannot mount ${args.join(' ')}`);
}

function enter(tree: string, project: string, program: readonly string[]): void {
  mount('--rbind', '/dev', path.join(tree, 'dev'));
  // Not the machine's: what a killed server leaves in it goes with the namespace.
  mount('-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', path.join(tree, 'dev/shm'));
  mount('--bind', project, path.join(tree, PROJECT_PLACE));
  // `--kill-child`: when this process ends, however that happens, everything in its process namespace ends with it.
  const namespace = ['--pid', '--ipc', '--fork', '--kill-child', '--mount-proc=/proc', `--root=${tree}`];
  const argv = ['unshare', ...namespace, `--wd=${PROJECT_PLACE}`, '--', ...program];
  process.execve?.('/usr/bin/unshare', argv, process.env);
}

const [tree, project, ...program] = process.argv.slice(2);
if (tree === undefined || project === undefined || program.length === 0) {
  throw new Error('usage: in-namespace.ts TREE PROJECT PROGRAM [ARGUMENT...]');
}
enter(tree, project, program);
