import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { RecoveryTarget } from '@barback/shared/postgres/target.ts';
import { expect } from 'vitest';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import type { Protection } from '../lab/protection.ts';
import { sql } from '../lab/psql.ts';
import { labUp } from '../lab/up.ts';
import { collectWal } from './by-hand/collect-wal.ts';
import { copyByHand, type HandMadeCopy } from './by-hand/hand-made-copy.ts';
import { operationsHost, type OperationsHost, type PlanOperations } from '../e2e/operations-host.ts';

export interface Scene {
  readonly lab: Lab;
  readonly operations: OperationsHost;
}

export async function sceneWith(archiving: Protection['archiving']): Promise<Scene> {
  const lab = await labUp({ dir: `/var/tmp/barback-kept-${archiving}-${process.pid}`, archiving });
  return { lab, operations: await operationsHost(lab) };
}

export async function close(scene: Scene | undefined): Promise<void> {
  await scene?.operations.close();
  if (scene) await labDown(scene.lab.dir);
}

/** Answers the transaction and where the record behind its commit begins. */
export async function insert({ postgres }: Lab, customer: string): Promise<{ xid: number; lsn: string }> {
  const text = `BEGIN; INSERT INTO orders (customer, amount) VALUES ('${customer}', 1); SELECT pg_current_xact_id(); COMMIT;`;
  const xid = Number(await sql(postgres, text));
  return { xid, lsn: (await sql(postgres, 'SELECT pg_current_wal_insert_lsn()')).trim() };
}

/** A copy that has replayed to just before a position, was promoted and stopped: what a restore puts in live's place. */
export async function copyAt(
  { lab }: Scene,
  at: { lsn: string; timeline: number; backupId: string },
  { name, slot }: { name: string; slot: boolean },
): Promise<HandMadeCopy> {
  const wal = path.join(path.dirname(lab.postgres.dataDir), 'wal-by-hand');
  await collectWal(lab, wal);
  const settings = {
    recovery_target_lsn: at.lsn,
    recovery_target_inclusive: 'off',
    // So that its history waits for the archive command that it will have in live's place.
    archive_mode: 'on',
    archive_command: '/bin/false',
  };
  const copy = await copyByHand(lab, wal, { backupId: at.backupId, timeline: at.timeline, settings }, name);
  if (copy.ended !== 'paused') throw new Error(`the copy has not paused: ${copy.log.slice(-2000)}`);
  if (slot) await copy.ask("SELECT pg_create_physical_replication_slot('barman', true)");
  await copy.promoteAndStop();
  return copy;
}

export async function segmentOf({ postgres }: Lab): Promise<string> {
  return (await sql(postgres, 'SELECT pg_walfile_name(pg_current_wal_lsn())')).trim();
}

export async function streamingOf(lab: Lab): Promise<string[]> {
  return (await readdir(path.join(lab.barman.home, 'main', 'streaming'))).toSorted();
}

export async function drillTo(
  { operations }: Scene,
  at: { backupId: string; timeline: number; lsn: string },
): Promise<{ plan: PlanOperations; newest: unknown }> {
  const plan = operations.plan();
  const target: RecoveryTarget = { type: 'lsn', lsn: at.lsn, inclusive: true };
  const { timeline, backupId } = at;
  const copied = { jobs: 1, bandwidthKBps: null, expectBytes: 0, tablespaces: [] };
  await plan.run('scratch-recover', { backupId, timeline, target, ...copied });
  await plan.start(target, timeline);
  const stop = await plan.run('scratch-replay', { timeline, target, expect: null });
  expect(stop.outcome).toBe('paused');
  const probes = [{ name: 'newest', database: 'system', sql: 'SELECT customer FROM orders ORDER BY id DESC LIMIT 1' }];
  const asked = await plan.run('scratch-probe', { phase: 'paused', probes, statementTimeoutMs: 3_000 });
  await plan.run('scratch-discard', {});
  return { plan, newest: asked.probes[0]?.rows?.[0] };
}

/** Where a transaction's commit begins, as the index reads it; its segment is one of kept WAL. */
export async function commitOf(
  plan: PlanOperations,
  at: { timeline: number; segment: string; xid: number },
): Promise<string> {
  const ends = await plan.run('wal-ends', { timeline: at.timeline, segment: at.segment, at: null });
  const offset = ends.offsets[ends.xids.indexOf(at.xid)];
  if (offset === undefined) throw new Error(`transaction ${at.xid} is not in ${at.segment}`);
  const [high, low] = [at.segment.slice(8, 16), at.segment.slice(16)];
  const position = (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`) * 16n * 1024n * 1024n + BigInt(offset);
  return `${(position >> 32n).toString(16)}/${(position & 0xffffffffn).toString(16)}`.toUpperCase();
}

/** After the swap: everything that makes Barman protect the new timeline, on a database where nobody does anything. */
export async function protect(plan: PlanOperations, timeline: number): Promise<void> {
  const history = `0000000${timeline}.history`;
  expect(await plan.run('timeline-archived', {})).toMatchObject({ timeline, history });
  const made = await plan.run('backup-create', { expectBytes: null });
  expect(made.timeline).toBe(timeline);
  const { checks } = await plan.run('check-passed', { tolerate: [] });
  expect(checks.filter((one) => !one.ok)).toEqual([]);
}
