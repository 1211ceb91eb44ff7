import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { LabBarman, LabPostgres } from './lab.ts';
import { barmanConfig } from './barman-config.ts';
import type { LabState } from './lab-state.ts';
import { sql } from './psql.ts';
import { poll } from './poll.ts';
import { findProgram } from './requirements.ts';
import { mustRun, startDetached } from './run-command.ts';
import type { LabUsers } from './users.ts';

/** Variable in the environment of a lab's processes by which `labDown` finds them. */
export const LAB_MARK = 'BARBACK_LAB';

/** Configures the lab's own Barman, keeps its cron going, and returns once WAL streams. */
export async function createBarman(state: LabState, users: LabUsers, postgres: LabPostgres): Promise<LabBarman> {
  const dir = path.join(state.dir, 'barman');
  const osUser = users.barman ?? userInfo().username;
  for (const at of [dir, path.join(dir, 'conf.d'), path.join(dir, 'lock')]) await mkdir(at, { mode: 0o755 });
  // As Debian's postinst leaves /var/lib/barman: other users, postgres among them, cannot look inside.
  await mkdir(path.join(dir, 'home'), { mode: 0o750 });
  const configFile = path.join(dir, 'barman.conf');
  await writeFile(configFile, barmanConfig(dir, osUser, postgres));
  if (users.barman !== undefined) await mustRun(['chown', '-R', `${osUser}:${osUser}`, dir]);
  const barman: LabBarman = {
    argv: [(await findProgram('barman')) ?? 'barman', '-c', configFile],
    configFile,
    home: path.join(dir, 'home'),
    osUser,
  };
  // The first cron is ours, so that its failure is reported; the later ones are the supervisor's.
  await mustRun([...barman.argv, 'cron'], { env: { [LAB_MARK]: state.id } });
  startCronSupervisor(state, barman);
  await poll('Barman streaming WAL', 30_000, async () => ((await isStreaming(postgres)) ? true : undefined));
  return barman;
}

/** Starts the process that runs `barman cron` every two seconds, because no cron daemon serves the lab. */
function startCronSupervisor(state: LabState, barman: LabBarman): number {
  const argv = [process.execPath, path.join(import.meta.dirname, 'cron-supervisor.ts'), state.dir, ...barman.argv];
  return startDetached(argv, path.join(state.dir, 'log', 'barman-cron.log'), { [LAB_MARK]: state.id });
}

/** Whether Barman's receive-wal is attached to the lab's server. */
export async function isStreaming(postgres: LabPostgres): Promise<boolean> {
  const query = "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'barman_receive_wal';";
  return (await sql(postgres, query)) !== '0';
}
