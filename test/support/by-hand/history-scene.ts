import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { archiveWal, listBackups, takeBackup } from '../../lab/barman-backup.ts';
import { isStreaming } from '../../lab/barman-server.ts';
import { startCluster, stopCluster } from '../../lab/cluster-control.ts';
import type { Lab } from '../../lab/lab.ts';
import { poll } from '../../lab/poll.ts';
import { sql } from '../../lab/psql.ts';
import { mustRun } from '../../lab/run-command.ts';
import { settledLab } from '../settled-lab.ts';
import { collectWal } from './collect-wal.ts';
import { forkByHand } from './fork-by-hand.ts';
import { parsePosition, readOracle, type WalOracle } from './wal-oracle.ts';

const tickTable = `CREATE TABLE ticks (
  id serial,
  xid bigint DEFAULT pg_current_xact_id()::text::bigint,
  at timestamptz DEFAULT clock_timestamp()
)`;

/** A base backup as Barman's catalogue has it. */
export interface HandMadeBackup {
  readonly id: string;
  readonly timeline: number;
  readonly end: number;
  /** Microseconds since 1970. */
  readonly beginTime: number;
  readonly endTime: number;
}

export interface Tick {
  readonly timeline: number;
  readonly xid: number;
}

/** A lab with a past: three backups, two restores made by hand, what they abandoned, a tablespace, compressed WAL. */
export interface HistoryScene {
  readonly lab: Lab;
  /** Oldest first. */
  readonly backups: readonly HandMadeBackup[];
  readonly oracle: WalOracle;
  /** Directory with everything that Barman holds, unpacked. */
  readonly wal: string;
  /** Transactions that inserted a tick; a number may be another transaction on another timeline. */
  readonly ticks: readonly Tick[];
  /** Time of the last tick before the first backup. */
  readonly lastBefore: number;
  stop(): Promise<void>;
}

export async function historyScene(): Promise<HistoryScene> {
  const { lab, stop } = await settledLab({ tablespace: true, walCompression: 'gzip' });
  try {
    await allowPrepared(lab);
    const ticks: Tick[] = [];
    let timeline = 1;
    await sql(lab.postgres, tickTable);
    const tick = async (rounds: number): Promise<void> => {
      for (const xid of await makeTicks(lab, rounds)) ticks.push({ timeline, xid });
    };
    await tick(4);
    const lastBefore = microsOf(
      (
        await sql(
          lab.postgres,
          "SELECT to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00:00') FROM ticks",
        )
      ).trim(),
    );
    const ids = [await firstBackup(lab)];
    await tick(8);
    const firstFork = await positionNow(lab);
    await tick(6);
    ids.push(await takeBackup(lab));
    await tick(6);
    await archiveWal(lab);
    await forkTo(lab, ids[0] ?? '', 1, firstFork);
    timeline = 2;
    await tick(6);
    const secondFork = await positionNow(lab);
    await tick(6);
    await archiveWal(lab);
    await forkTo(lab, ids[0] ?? '', 2, secondFork);
    timeline = 3;
    await tick(4);
    ids.push(await takeBackup(lab));
    await tick(8);
    const wal = path.join(path.dirname(lab.postgres.dataDir), 'wal-by-hand');
    await archiveWal(lab);
    await collectWal(lab, wal);
    const backups = await Promise.all(ids.map((id) => showBackup(lab, id)));
    return { lab, stop, backups, wal, ticks, lastBefore, oracle: await readOracle(lab, wal) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Beside the data directory, so that restores keep it. */
async function allowPrepared({ postgres }: Lab): Promise<void> {
  await writeFile(path.join(postgres.configDir, 'conf.d', 'prepared.conf'), 'max_prepared_transactions = 10\n');
  await stopCluster(postgres);
  await startCluster(postgres);
  await poll('Barman streaming again', 60_000, async () => ((await isStreaming(postgres)) ? true : undefined));
}

async function forkTo(lab: Lab, backupId: string, timeline: number, lsn: string): Promise<void> {
  const settings = { recovery_target_lsn: lsn, recovery_target_inclusive: 'off' };
  await forkByHand(lab, { backupId, timeline, settings });
}

/** Ordinary commits, one with a subtransaction, one prepared, two rolled back, a restore point; answers the xids that inserted. */
async function makeTicks(lab: Lab, rounds: number): Promise<number[]> {
  const xids: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const gid = `tick ${Date.now()}`;
    const text = `
INSERT INTO ticks DEFAULT VALUES RETURNING xid;
SELECT pg_sleep(0.03);
BEGIN; INSERT INTO ticks DEFAULT VALUES; ROLLBACK;
BEGIN; INSERT INTO ticks DEFAULT VALUES RETURNING xid; SAVEPOINT s; INSERT INTO ticks DEFAULT VALUES; ROLLBACK TO s; COMMIT;
SELECT pg_sleep(0.02);
BEGIN; INSERT INTO ticks DEFAULT VALUES RETURNING xid; PREPARE TRANSACTION '${gid}';
INSERT INTO ticks DEFAULT VALUES RETURNING xid;
COMMIT PREPARED '${gid}';
BEGIN; INSERT INTO ticks DEFAULT VALUES; PREPARE TRANSACTION '${gid} lost'; ROLLBACK PREPARED '${gid} lost';
SELECT pg_create_restore_point('round ${round}') IS NULL;`;
    const lines = (await sql(lab.postgres, text)).split('\n');
    xids.push(...lines.filter((line) => /^\d+$/.test(line)).map(Number));
  }
  return xids;
}

async function positionNow(lab: Lab): Promise<string> {
  return (await sql(lab.postgres, 'SELECT pg_current_wal_insert_lsn()')).trim();
}

/** The history begins with this one: those of the making of the lab are deleted, with their WAL. */
async function firstBackup(lab: Lab): Promise<string> {
  const older = await listBackups(lab.barman);
  const id = await takeBackup(lab);
  for (const one of older.toReversed()) await mustRun([...lab.barman.argv, 'delete', 'main', one.id]);
  return id;
}

async function showBackup(lab: Lab, id: string): Promise<HandMadeBackup> {
  const shown = await mustRun([...lab.barman.argv, 'show-backup', 'main', id]);
  const field = (name: string): string => new RegExp(`^ *${name} *: (.*)$`, 'm').exec(shown)?.[1]?.trim() ?? '';
  return {
    id,
    timeline: Number(field('Timeline')),
    end: parsePosition(field('End LSN')),
    beginTime: microsOf(field('Begin time')),
    endTime: microsOf(field('End time')),
  };
}

/** `2026-11-22 12:00:00.123456+00:00`. */
function microsOf(text: string): number {
  const [, whole = '', fraction = ''] = /^(\S+ \d\d:\d\d:\d\d)(?:\.(\d+))?\+00:00$/.exec(text) ?? [];
  return Date.parse(`${whole.replace(' ', 'T')}Z`) * 1000 + Number(fraction.padEnd(6, '0'));
}
