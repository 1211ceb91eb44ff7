import { randomInt } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { startCluster } from './cluster-control.ts';
import type { LabPostgres } from './lab.ts';
import type { LabState } from './lab-state.ts';
import { writeLabState } from './lab-state.ts';
import { archiveCommandSetting, LAB_HBA, labIdent, labSettings, standaloneConfig } from './postgres-config.ts';
import { sql } from './psql.ts';
import { newestPostgres } from './requirements.ts';
import { mustRun } from './run-command.ts';
import type { LabUsers } from './users.ts';

/** Longest directory that leaves room for `/.s.PGSQL.65535` in the 107 bytes of a socket's path. */
const LONGEST_SOCKET_DIR = 80;

/** Makes and starts the lab's cluster: Debian's way as root, initdb otherwise; configuration is outside the data directory in both. */
export async function createCluster(
  state: LabState,
  users: LabUsers,
  options: { readonly archiving: boolean },
): Promise<LabPostgres> {
  const found = await newestPostgres();
  if (found === undefined) throw new Error('cannot find a PostgreSQL server below /usr/lib/postgresql');
  const osUser = users.postgres ?? userInfo().username;
  const pg = path.join(state.dir, 'pg');
  await mkdir(pg, { mode: 0o755 });
  await mkdir(path.join(state.dir, 'log'), { recursive: true, mode: 0o755 });
  if (users.postgres !== undefined) await mustRun(['chown', `${osUser}:`, pg]);
  const name = users.postgres === undefined ? null : `bbk${state.id}`;
  const postgres: LabPostgres = {
    version: found.version,
    host: await socketDir(state, users.postgres),
    // Only names the socket's file: the server has no TCP listener, and its socket directory is private.
    port: randomInt(20_000, 60_000),
    binDir: found.binDir,
    dataDir: path.join(pg, 'data'),
    superuser: 'postgres',
    database: 'system',
    osUser,
    cluster: name,
    configDir: name === null ? path.join(pg, 'conf') : `/etc/postgresql/${found.version}/${name}`,
    logFile: path.join(state.dir, 'log', 'postgresql.log'),
    tablespaceDir: null,
  };
  if (name === null) await initialise(postgres);
  else await createDebianCluster(state, postgres, name);
  await configure(postgres, users, options.archiving);
  await startCluster(postgres);
  return postgres;
}

async function socketDir(state: LabState, owner: string | undefined): Promise<string> {
  let dir = path.join(state.dir, 'run');
  if (Buffer.byteLength(dir) <= LONGEST_SOCKET_DIR) await mkdir(dir, { mode: 0o755 });
  else {
    dir = await mkdtemp(path.join(tmpdir(), `bbk${state.id}-`));
    state.outsideSocketDir = dir;
    await writeLabState(state);
    await chmod(dir, 0o755);
  }
  if (owner !== undefined) await mustRun(['chown', `${owner}:`, dir]);
  return dir;
}

async function createDebianCluster(state: LabState, postgres: LabPostgres, name: string): Promise<void> {
  state.cluster = { version: postgres.version, name };
  await writeLabState(state);
  const argv = ['pg_createcluster', '--datadir', postgres.dataDir, '--logfile', postgres.logFile];
  argv.push('--socketdir', postgres.host, '--port', String(postgres.port), '--start-conf', 'manual', '--no-status');
  argv.push('--locale', 'C', '--encoding', 'UTF8', String(postgres.version), name);
  await mustRun([...argv, '--', '--data-checksums', '--no-sync']);
}

async function initialise(postgres: LabPostgres): Promise<void> {
  const initdb = [path.join(postgres.binDir, 'initdb'), '-D', postgres.dataDir, '-U', postgres.superuser];
  await mustRun([...initdb, '--locale=C', '--encoding=UTF8', '--auth=peer', '--data-checksums', '--no-sync']);
  await mkdir(postgres.configDir, { mode: 0o755 });
  await mkdir(path.join(postgres.configDir, 'conf.d'), { mode: 0o755 });
  for (const file of ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf']) {
    await rename(path.join(postgres.dataDir, file), path.join(postgres.configDir, file));
  }
  const { port, host, dataDir, configDir } = postgres;
  const config = standaloneConfig({ port, socketDir: host, dataDir, configDir });
  await writeFile(path.join(configDir, 'postgresql.conf'), config);
}

async function configure(postgres: LabPostgres, users: LabUsers, archiving: boolean): Promise<void> {
  const { port, host, dataDir, configDir } = postgres;
  const mapped = [userInfo().username, postgres.osUser, users.barman ?? postgres.osUser];
  const settings = labSettings({ port, socketDir: host, dataDir, configDir }, archiving);
  await mkdir(path.join(configDir, 'conf.d'), { recursive: true });
  await writeFile(path.join(configDir, 'conf.d', 'lab.conf'), settings, { mode: 0o644 });
  await writeFile(path.join(configDir, 'pg_hba.conf'), LAB_HBA);
  await writeFile(path.join(configDir, 'pg_ident.conf'), labIdent(mapped));
}

/** Gives a server that was created for it its archive command. */
export async function startArchiving(postgres: LabPostgres, command: string): Promise<void> {
  const file = path.join(postgres.configDir, 'conf.d', 'lab-archiving.conf');
  await writeFile(file, archiveCommandSetting(command), { mode: 0o644 });
  await sql(postgres, 'SELECT pg_reload_conf();');
}
