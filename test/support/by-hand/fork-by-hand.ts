import { mkdir, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { isStreaming } from '../../lab/barman-server.ts';
import { startCluster, stopCluster } from '../../lab/cluster-control.ts';
import { holdCron } from '../../lab/hold-cron.ts';
import type { Lab } from '../../lab/lab.ts';
import { poll } from '../../lab/poll.ts';
import { sql } from '../../lab/psql.ts';
import { mustRun } from '../../lab/run-command.ts';
import { collectWal } from './collect-wal.ts';
import { copyByHand, type HandMadeCopy, type HandMadeTarget } from './hand-made-copy.ts';

/**
 * A point-in-time restore of the lab's live server as an operator does it by hand: what the server wrote behind the target becomes
 * an abandoned branch, and a new timeline begins. Everything that Barman had received stays with it.
 */
export async function forkByHand(lab: Lab, target: HandMadeTarget): Promise<void> {
  const { postgres } = lab;
  const name = `fork-${target.backupId}-${Date.now()}`;
  const wal = path.join(path.dirname(postgres.dataDir), 'wal-by-hand');
  const release = await holdCron(lab);
  try {
    await stopCluster(postgres);
    await collectWal(lab, wal);
    const copy = await copyByHand(lab, wal, target, name);
    if (copy.ended !== 'paused') throw new Error(`cannot fork: ${copy.log.slice(-2000)}`);
    // Made while paused, so that no WAL of the new timeline is missed.
    await copy.ask("SELECT pg_create_physical_replication_slot('barman', true)");
    await copy.promoteAndStop();
    await setAside(lab);
    await takePlace(lab, copy, name);
    await startCluster(postgres);
  } finally {
    release();
  }
  await poll('Barman streaming the new timeline', 60_000, async () =>
    (await isStreaming(postgres)) ? true : undefined,
  );
  await sql(postgres, 'CHECKPOINT');
}

/** Puts a stopped copy at the place of live, which is stopped too; answers where live's directory is then. */
export async function takePlace(
  { postgres }: Lab,
  copy: Pick<HandMadeCopy, 'directory'>,
  name: string,
): Promise<string> {
  const before = `${postgres.dataDir}.before-${name}`;
  await rename(postgres.dataDir, before);
  await rename(copy.directory, postgres.dataDir);
  await mustRun([
    'chown',
    '-R',
    `${postgres.osUser}:`,
    path.join(path.dirname(postgres.dataDir), name),
    postgres.dataDir,
  ]);
  return before;
}

/** receive-wal would go on where the old timeline ended, which is not in the history of the new one. */
async function setAside(lab: Lab): Promise<void> {
  const streaming = path.join(lab.barman.home, lab.server, 'streaming');
  const aside = path.join(lab.dir, 'streaming-aside');
  await mkdir(aside, { recursive: true });
  for (const file of await readdir(streaming)) await rename(path.join(streaming, file), path.join(aside, file));
}
