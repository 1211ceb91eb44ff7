import type { Lsn } from '@barback/shared/postgres/lsn.ts';
import { literal } from './sql-quote.ts';

// Names of slots are a-z, 0-9 and _ and positions are hexadecimal, both checked by the contracts: nothing needs escaping.

const here = 'CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END';
/** Null, not 0, where nothing is reserved: GREATEST leaves nulls out. */
const retained = (restart: string): string =>
  `CASE WHEN ${restart} IS NOT NULL THEN greatest(0, pg_wal_lsn_diff(${here}, ${restart}))::int8 END`;

/**
 * Slots with the walsender of each. `wal_status` is there since PostgreSQL 13; a slot that was invalidated has no restart_lsn and
 * `lost` (15, slotfuncs.c).
 */
export const slotListSql = `SELECT coalesce(json_agg(json_build_object('name', s.slot_name, 'type', s.slot_type, 'active', s.active, 'database', s.database,
    'restartLsn', s.restart_lsn::text, 'retainedBytes', ${retained('s.restart_lsn')},
    'walStatus', s.wal_status, 'usedBy', CASE WHEN s.active_pid IS NOT NULL THEN json_build_object('pid', s.active_pid,
      'applicationName', r.application_name, 'userName', r.usename, 'address', r.client_addr::text) END)
    ORDER BY s.slot_name), '[]')
  FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid`;

/** Slots, position and bytes of pg_wal as one JSON value; the timeline from the name of the file, because pg_control lags. */
export const slotsSql = `SELECT json_build_object('timeline', CASE WHEN pg_is_in_recovery()
      THEN (SELECT min_recovery_end_timeline FROM pg_control_recovery())
      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
    'lsn', (${here})::text, 'inRecovery', pg_is_in_recovery(), 'slots', (${slotListSql}),
    'walBytes', (SELECT coalesce(sum(size), 0)::int8 FROM pg_ls_waldir()));`;

export interface SlotToDrop {
  readonly name: string;
  readonly type: 'physical' | 'logical';
  readonly restartLsn: Lsn | null;
}

/**
 * Drops the slot only if it still is the one that was looked at: the look and the drop are one statement, and PostgreSQL itself
 * refuses to drop a slot in use (slot.c, ReplicationSlotDrop with nowait). An empty list: it is not that slot any more.
 */
export function dropSlotSql({ name, type, restartLsn }: SlotToDrop): string {
  const position = restartLsn === null ? 'NULL' : `'${restartLsn}'`;
  return `WITH found AS MATERIALIZED (SELECT slot_name FROM pg_replication_slots
    WHERE slot_name = '${name}' AND slot_type = '${type}' AND NOT active
      AND restart_lsn IS NOT DISTINCT FROM ${position}::pg_lsn)
  SELECT coalesce(json_agg(json_build_object('dropped', pg_drop_replication_slot(slot_name) IS NOT NULL)), '[]') FROM found;`;
}

/** A slot that keeps WAL from the last checkpoint on at once; `receive-wal --create-slot` makes one that keeps none (3.4.0). */
export function createSlotSql(name: string): string {
  return `SELECT json_build_object('restartLsn', lsn::text) FROM pg_create_physical_replication_slot('${name}', true);`;
}

/** Ends the walsender that uses a slot, if it still does, and waits until it is gone. */
export function endSenderSql(slot: string, pid: number): string {
  return `SELECT json_build_object('ended', coalesce((SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots
    WHERE slot_name = '${slot}' AND active_pid = ${pid}), true));`;
}

export const currentSegmentSql = `SELECT json_build_object('segment', pg_walfile_name(pg_current_wal_lsn()));`;

/** A commit that changes nothing: it keeps an idle server from skipping a switch, and gives pg_receivewal WAL to follow. */
export const markerSql = `SELECT json_build_object('lsn', pg_logical_emit_message(true, 'barback', 'marker')::text);`;

export const switchWalSql = `SELECT json_build_object('segment', pg_walfile_name(pg_switch_wal()));`;

/** A named place to restore to; names of ours are a-z, 0-9 and _. */
export function restorePointSql(name: string): string {
  return `SELECT json_build_object('lsn', pg_create_restore_point('${name}')::text);`;
}

/** Whether live streams to a walsender of this name. */
export function isStreamingSql(applicationName: string): string {
  return `SELECT json_build_object('streaming', EXISTS (SELECT FROM pg_stat_replication
    WHERE application_name = ${literal(applicationName)}));`;
}
