import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { LAB_MARK } from './lab-mark.ts';
import type { LabState } from './lab-state.ts';
import { poll } from './poll.ts';
import { asUser, mustRun, startDetached } from './run-command.ts';
import { findSshd, type SshdProgram } from './sshd-program.ts';

export interface SshPathOptions {
  /** Who connects, and as whom; undefined is the caller. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** The only command that the key may run; null where Barman runs commands of its own choice. */
  readonly forced: string | null;
}

/** One user's way to another over ssh, as between two hosts. */
export interface SshPath {
  /** ssh with its options, without a host. */
  readonly command: string;
  /** Name of the other side for that command. */
  readonly host: string;
}

/**
 * Opens a way for one user to another: an sshd that runs as the user it lets in, on loopback, with a host key and one user key
 * of its own. Nothing of the machine's sshd, of `~/.ssh` or of PAM is used, and no other user can be reached through it.
 */
export async function openSshPath(state: LabState, name: string, options: SshPathOptions): Promise<SshPath> {
  const { from, to, forced } = options;
  const base = path.join(state.dir, 'ssh');
  const [server, client] = [path.join(base, `into-${name}`), path.join(base, `towards-${name}`)];
  await mkdir(base, { recursive: true, mode: 0o755 });
  for (const dir of [server, client]) await mkdir(dir, { mode: 0o700 });
  const hostKey = await makeKey(path.join(server, 'host_key'));
  const userKey = await makeKey(path.join(client, 'id'));
  const command = forced === null ? '' : `,command="${forced}"`;
  await writeFile(path.join(server, 'authorized_keys'), `restrict${command} ${userKey}\n`, { mode: 0o600 });
  await writeFile(path.join(client, 'known_hosts'), `lab ${hostKey}\n`, { mode: 0o600 });
  for (const [dir, owner] of [
    [server, to],
    [client, from],
  ] as const) {
    if (owner !== undefined) await mustRun(['chown', '-R', `${owner}:`, dir]);
  }
  const port = await startSshd(state, name, { server, to });
  const host = `lab-${name}`;
  const config = path.join(client, 'ssh_config');
  await writeFile(config, clientConfig({ client, host, port, user: to ?? userInfo().username }), { mode: 0o644 });
  return { command: `ssh -F ${config}`, host };
}

async function makeKey(file: string): Promise<string> {
  await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', file]);
  const [type, key] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
  return `${type} ${key}`;
}

/** Starts sshd on a free port, which somebody else may take first, and returns the port once it listens. */
async function startSshd(
  state: LabState,
  name: string,
  { server, to }: { server: string; to: string | undefined },
): Promise<number> {
  const program = await findSshd();
  const log = path.join(state.dir, 'log', `sshd-${name}.log`);
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const config = path.join(server, 'sshd_config');
    await writeFile(config, serverConfig({ state, program, server, port, user: to ?? userInfo().username }));
    const argv = asUser(to, [program.file, '-D', '-e', '-f', config]);
    startDetached(argv, log, { ...program.environment, [LAB_MARK]: state.id });
    const verdict = await poll(
      () => `sshd listening on ${port}; see ${log}`,
      20_000,
      async () => {
        const said = await readFile(log, 'utf8').catch(() => '');
        if (said.includes(`listening on 127.0.0.1 port ${port}.`)) return 'listening';
        return said.includes(`Bind to port ${port} on 127.0.0.1 failed`) ? 'taken' : undefined;
      },
      20,
    );
    if (verdict === 'listening') return port;
    if (attempt === 3) throw new Error(`cannot find a port for sshd; see ${log}`);
  }
}

function serverConfig(parts: {
  state: LabState;
  program: SshdProgram;
  server: string;
  port: number;
  user: string;
}): string {
  const { state, program, server, port, user } = parts;
  const lines = [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${path.join(server, 'host_key')}`,
    `AuthorizedKeysFile ${path.join(server, 'authorized_keys')}`,
    'PidFile none',
    `AllowUsers ${user}`,
    'AuthenticationMethods publickey',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    // It would refuse every place below /var/tmp, which all users may write; the directory itself is private.
    'StrictModes no',
    'PermitUserRC no',
    'PermitTTY no',
    'DisableForwarding yes',
    'MaxStartups 100',
    `SetEnv ${LAB_MARK}=${state.id} LC_ALL=C TZ=UTC`,
    `Subsystem sftp ${program.sftpServer}`,
    ...program.settings,
  ];
  return `${lines.join('\n')}\n`;
}

function clientConfig(parts: { client: string; host: string; port: number; user: string }): string {
  const { client, host, port, user } = parts;
  const lines = [
    `Host ${host}`,
    'HostName 127.0.0.1',
    `Port ${port}`,
    `User ${user}`,
    `IdentityFile ${path.join(client, 'id')}`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile ${path.join(client, 'known_hosts')}`,
    'GlobalKnownHostsFile /dev/null',
    'HostKeyAlias lab',
    'StrictHostKeyChecking yes',
    'BatchMode yes',
    'ConnectTimeout 20',
    'LogLevel ERROR',
  ];
  return `${lines.join('\n')}\n`;
}
