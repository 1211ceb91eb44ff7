import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { readLabState } from '../lab/lab-state.ts';
import { mustRun } from '../lab/run-command.ts';
import { openSshPath } from '../lab/ssh-path.ts';
import { findSshd } from '../lab/sshd-program.ts';
import { configureAgent } from './agent-config.ts';

/** A box with the restrictions of a Storage Box: a shell with a few commands, no other user's files, one home. */
export interface Box {
  /** The account's home. */
  readonly home: string;
  /** Of the mirror of the lab's server. */
  readonly mirror: string;
  /** How its account is reached. */
  readonly account: {
    readonly port: number;
    readonly user: string;
    readonly identityFile: string;
    readonly knownHostsFile: string;
  };
  /** Commands that the box's shell has. */
  allow(...commands: readonly string[]): Promise<void>;
}

const usual = ['rsync', 'mkdir', 'sha256sum', 'ls', 'df'];

/** Starts a box for a lab, and names it to the lab's agent as its mirror. */
export async function openBox(lab: Lab): Promise<Box> {
  const state = await readLabState(lab.dir);
  if (state === undefined) throw new Error(`there is no lab in ${lab.dir}`);
  const user = process.geteuid?.() === 0 ? lab.barman.osUser : undefined;
  const place = path.join(lab.dir, 'box');
  const home = path.join(place, 'home');
  await mkdir(home, { recursive: true, mode: 0o755 });
  const shell = path.join(place, 'shell');
  const { sftpServer } = await findSshd();
  const allow = async (...commands: readonly string[]): Promise<void> => {
    await writeFile(shell, shellText({ home, commands, sftpServer }));
    await chmod(shell, 0o755);
  };
  await allow(...usual);
  if (user !== undefined) await mustRun(['chown', '-R', `${user}:`, place]);
  await openSshPath(state, 'box', { from: user, to: user, forced: shell });
  const client = path.join(lab.dir, 'ssh', 'towards-box');
  const config = await readFile(path.join(client, 'ssh_config'), 'utf8');
  const port = Number(/^Port (\d+)$/m.exec(config)?.[1]);
  const account = /^User (\S+)$/m.exec(config)?.[1] ?? '';
  const knownHostsFile = path.join(client, 'box_known_hosts');
  const [, key = ''] = /^lab (.+)$/m.exec(await readFile(path.join(client, 'known_hosts'), 'utf8')) ?? [];
  await writeFile(knownHostsFile, `[127.0.0.1]:${port} ${key}\n`, { mode: 0o644 });
  const identityFile = path.join(client, 'id');
  await configureAgent(lab, (server) => {
    server.mirror = {
      host: '127.0.0.1',
      port,
      user: account,
      directory: 'barman-mirror',
      identityFile,
      knownHostsFile,
    };
  });
  const reached = { port, user: account, identityFile, knownHostsFile };
  return { home, mirror: path.join(home, 'barman-mirror', lab.server), account: reached, allow };
}

/** sftp, and a shell without pipes, redirections and other commands; rsync as a server only. */
function shellText(parts: { home: string; commands: readonly string[]; sftpServer: string }): string {
  const { home, commands, sftpServer } = parts;
  return `#!/bin/bash -p
cd '${home}' || exit 1
set -f
[ "$SSH_ORIGINAL_COMMAND" = '${sftpServer}' ] && exec '${sftpServer}'
read -r -a words <<< "$SSH_ORIGINAL_COMMAND"
case "\${words[0]}" in
  rsync) [ "\${words[1]}" = --server ] || { echo 'Command not found. Use help.' >&2; exit 127; } ;;
esac
for allowed in ${commands.join(' ')}; do
  [ "\${words[0]}" = "$allowed" ] && exec "\${words[@]}"
done
echo 'Command not found. Use help.' >&2
exit 127
`;
}
