import { chown, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { codename } from './barman-program.ts';
import { freePort } from './free-port.ts';
import { LAB_MARK } from './lab-mark.ts';
import type { Lab } from './lab.ts';
import { poll } from './poll.ts';
import { findProgram } from './requirements.ts';
import { asUser, mustRun, runCommand, startDetached } from './run-command.ts';
import { librariesIn, unpackPackages } from './unpacked-packages.ts';

/** A real PgBouncer in front of a lab's database. */
export interface Pgbouncer {
  /** On 127.0.0.1 and in `socketDir`. */
  readonly port: number;
  readonly socketDir: string;
  /** Runs one command of the admin console and returns what it prints. */
  console(command: string): Promise<string>;
  kill(): Promise<void>;
}

/** With what it links that a small installation lacks; installing it would start one for the whole machine. */
const packages: Readonly<Record<string, readonly string[]>> = {
  bookworm: ['pgbouncer', 'libc-ares2', 'libevent-2.1-7'],
  trixie: ['pgbouncer', 'libcares2', 'libevent-2.1-7t64'],
};

/** Starts one as the system user of PostgreSQL, as Debian does; it ends with the lab at the latest. */
export async function startPgbouncer(lab: Lab, poolMode: 'transaction' | 'session'): Promise<Pgbouncer> {
  const { postgres } = lab;
  const program = await findPgbouncer();
  const dir = path.join(lab.dir, `pgbouncer-${poolMode}`);
  const port = await freePort();
  await mkdir(dir, { mode: 0o755 });
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: dir,
    auth_type: 'trust',
    auth_file: path.join(dir, 'users.txt'),
    pool_mode: poolMode,
    default_pool_size: 10,
    admin_users: 'pgbouncer',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const database = `${postgres.database} = host=${postgres.host} port=${postgres.port} dbname=${postgres.database}`;
  const file = path.join(dir, 'pgbouncer.ini');
  await writeFile(file, `[databases]\n${database}\n\n[pgbouncer]\n${lines.join('\n')}\n`);
  await writeFile(settings.auth_file, '"app" ""\n"pgbouncer" ""\n');
  const user = process.geteuid?.() === 0 ? postgres.osUser : undefined;
  if (user !== undefined) await chown(dir, Number(await mustRun(['id', '-u', user])), 0);
  const log = path.join(lab.dir, 'log', `pgbouncer-${poolMode}.log`);
  const pid = startDetached(asUser(user, [program.file, file]), log, { ...program.environment, [LAB_MARK]: lab.id });
  const argv = [
    path.join(postgres.binDir, 'psql'),
    '-XAtq',
    '-h',
    dir,
    '-p',
    String(port),
    '-U',
    'pgbouncer',
    'pgbouncer',
  ];
  const ask = (command: string) => asUser(user, [...argv, '-c', command]);
  await poll(
    () => `PgBouncer listening; see ${log}`,
    20_000,
    async () => ((await runCommand(ask('SHOW VERSION'))).code === 0 ? true : undefined),
  );
  return {
    port,
    socketDir: dir,
    console: (command) => mustRun(ask(command)),
    async kill() {
      process.kill(pid, 'SIGKILL');
      await poll('PgBouncer gone', 10_000, async () =>
        (await runCommand(ask('SHOW VERSION'))).code === 0 ? undefined : true,
      );
    },
  };
}

async function findPgbouncer(): Promise<{ file: string; environment: Readonly<Record<string, string>> }> {
  const installed = await findProgram('pgbouncer');
  if (installed !== undefined) return { file: installed, environment: {} };
  const suite = await codename();
  const names = packages[suite];
  if (names === undefined)
    throw new Error(`cannot start PgBouncer: it is not installed, and no list of its packages for '${suite}'`);
  const tree = await unpackPackages({ suite, packages: names });
  return { file: path.join(tree, 'usr/sbin/pgbouncer'), environment: { LD_LIBRARY_PATH: await librariesIn(tree) } };
}
