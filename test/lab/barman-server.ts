import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { LabBarman, LabPostgres } from './lab.ts';
import { barmanConfig } from './barman-config.ts';
import { findBarman } from './barman-program.ts';
import { LAB_MARK } from './lab-mark.ts';
import type { LabState } from './lab-state.ts';
import { startArchiving } from './postgres-cluster.ts';
import { archives, streams, type Protection } from './protection.ts';
import { sql } from './psql.ts';
import { poll } from './poll.ts';
import { mustRun, runCommand, startDetached } from './run-command.ts';
import { openSshPath } from './ssh-path.ts';
import type { LabUsers } from './users.ts';
import { compressionLines } from './wal-compression.ts';

export interface BarmanParts {
  readonly users: LabUsers;
  readonly postgres: LabPostgres;
  readonly protection: Protection;
}

/** Configures the lab's own Barman, keeps its cron going, and returns once WAL flows to it. */
export async function createBarman(state: LabState, parts: BarmanParts): Promise<LabBarman> {
  const { users, postgres, protection } = parts;
  const dir = path.join(state.dir, 'barman');
  const osUser = users.barman ?? userInfo().username;
  const program = await findBarman(protection);
  const compression = compressionLines(protection.walCompression, program.release);
  for (const at of [dir, path.join(dir, 'conf.d'), path.join(dir, 'lock')]) await mkdir(at, { mode: 0o755 });
  // As Debian's postinst leaves /var/lib/barman: other users, postgres among them, cannot look inside.
  await mkdir(path.join(dir, 'home'), { mode: 0o750 });
  const configFile = path.join(dir, 'barman.conf');
  const sshCommand = await backupCommand(state, parts);
  await writeFile(configFile, barmanConfig({ dir, osUser, postgres, protection, compression, sshCommand }));
  if (users.barman !== undefined) await mustRun(['chown', '-R', `${osUser}:${osUser}`, dir]);
  const barman: LabBarman = {
    argv: [...program.argv, '-c', configFile],
    version: program.release.text,
    protection,
    configFile,
    home: path.join(dir, 'home'),
    osUser,
  };
  // The first cron is ours, so that its failure is reported; the later ones are the supervisor's.
  await mustRun([...barman.argv, 'cron'], { env: { [LAB_MARK]: state.id } });
  startCronSupervisor(state, barman);
  if (archives(protection)) {
    // The first check makes Barman's directories, incoming/ among them; it fails, because no WAL has come yet.
    await runCommand([...barman.argv, 'check', 'main']);
    await startArchiving(postgres, await archiveCommand(state, users, barman));
  }
  if (streams(protection)) {
    await poll('Barman streaming WAL', 30_000, async () => ((await isStreaming(postgres)) ? true : undefined));
  }
  return barman;
}

/** For the rsync method Barman runs commands of its own and rsync as PostgreSQL's user (its documentation, "ssh_command"). */
async function backupCommand(state: LabState, { users, protection }: BarmanParts): Promise<string | null> {
  if (protection.backupMethod !== 'rsync') return null;
  const { command, host } = await openSshPath(state, 'postgres', {
    from: users.barman,
    to: users.postgres,
    forced: null,
  });
  return `${command} ${host} -q`;
}

/** rsync into Barman's incoming directory, as its documentation has it; the key can do that and nothing else. */
async function archiveCommand(state: LabState, users: LabUsers, barman: LabBarman): Promise<string> {
  const incoming = path.join(barman.home, 'main', 'incoming');
  const forced = `/usr/bin/rrsync -wo ${incoming}`;
  const { command, host } = await openSshPath(state, 'barman', { from: users.postgres, to: users.barman, forced });
  // rrsync takes the name as one below its directory.
  return `rsync -a -e "${command}" %p ${host}:%f`;
}

/** Starts the process that runs `barman cron` every four seconds, because no cron daemon serves the lab. */
function startCronSupervisor(state: LabState, barman: LabBarman): number {
  const argv = [process.execPath, path.join(import.meta.dirname, 'cron-supervisor.ts'), state.dir, ...barman.argv];
  return startDetached(argv, path.join(state.dir, 'log', 'barman-cron.log'), { [LAB_MARK]: state.id });
}

/** Whether Barman's receive-wal is attached to the lab's server. */
export async function isStreaming(postgres: LabPostgres): Promise<boolean> {
  const query = "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'barman_receive_wal';";
  return (await sql(postgres, query)) !== '0';
}
