import { holdCron } from '../lab/hold-cron.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { runCommand } from '../lab/run-command.ts';
import { settledLab, type SettledOptions } from './settled-lab.ts';

const fillOne = "SELECT pg_logical_emit_message(true, 'test', repeat('x', 1000)); SELECT pg_switch_wal();\n";

export const segmentBytes = 16 * 1024 * 1024;

/** Keeps pg_wal of the lab small, so that what a slot retains is what is there: up to max_wal_size is recycled, not removed. */
export async function keepWalSmall({ postgres }: Pick<Lab, 'postgres'>): Promise<void> {
  await sql(
    postgres,
    "ALTER SYSTEM SET max_wal_size = '64MB';\nALTER SYSTEM SET min_wal_size = '32MB';\nSELECT pg_reload_conf();\n",
  );
  await poll('the new max_wal_size', 30_000, async () =>
    (await sql(postgres, 'SHOW max_wal_size')) === '64MB' ? true : undefined,
  );
}

/** A lab at rest whose pg_wal is small. */
export async function smallWalLab(options: SettledOptions = {}): Promise<{ lab: Lab; stop: () => Promise<void> }> {
  const settled = await settledLab(options);
  await keepWalSmall(settled.lab);
  return settled;
}

/** Stops Barman's receive-wal and its cron; what lets cron run again must be called before the lab is taken down. */
export async function abandonSlot(lab: Lab): Promise<() => void> {
  const release = await holdCron(lab);
  await runCommand([...lab.barman.argv, 'receive-wal', '--stop', 'main']);
  await poll('the slot barman without a receiver', 30_000, async () =>
    (await slotOf(lab))?.active === 'f' ? true : undefined,
  );
  return release;
}

/** Makes live write so many segments, with a checkpoint behind them. */
export async function fillWal(lab: Lab, segments: number): Promise<void> {
  await sql(lab.postgres, `${fillOne.repeat(segments)}CHECKPOINT;\n`);
}

/** Barman's slot as PostgreSQL shows it; undefined when there is none. */
export async function slotOf(
  lab: Lab,
): Promise<{ readonly active: string; readonly restartLsn: string; readonly retained: number } | undefined> {
  const row = await sql(
    lab.postgres,
    `SELECT active, restart_lsn, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots WHERE slot_name = 'barman'`,
  );
  if (row === '') return undefined;
  const [active = '', restartLsn = '', retained = ''] = row.split('|');
  return { active, restartLsn, retained: Number(retained) };
}

export async function walBytes(lab: Lab): Promise<number> {
  return Number(await sql(lab.postgres, 'SELECT sum(size) FROM pg_ls_waldir()'));
}
