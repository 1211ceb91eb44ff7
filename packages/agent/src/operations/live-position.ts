import { z } from 'zod';
import type { Result } from '@barback/shared/operations/index.ts';
import { askIfAnswering } from './ask-live.ts';
import { serverProcess } from './copy-process.ts';
import type { Call, Host } from './handler.ts';

const positionSchema = z.strictObject({
  timeline: z.int(),
  lsn: z.string(),
  inRecovery: z.boolean(),
  slots: z.array(z.strictObject({ name: z.string(), active: z.boolean(), retainedBytes: z.int().nullable() })),
});

/** The position that live has flushed, and on which timeline: from the name of its WAL file, because pg_control lags. */
const positionSql = `WITH here AS (SELECT pg_is_in_recovery() AS recovering,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END AS lsn)
  SELECT json_build_object('timeline', CASE WHEN recovering THEN (SELECT min_recovery_end_timeline FROM pg_control_recovery())
      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
    'lsn', lsn::text, 'inRecovery', recovering,
    'slots', (SELECT coalesce(json_agg(json_build_object('name', slot_name, 'active', active,
      'retainedBytes', greatest(0, pg_wal_lsn_diff(lsn, restart_lsn))::int8) ORDER BY slot_name), '[]')
      FROM pg_replication_slots)) FROM here;`;

/** Where live's WAL is; null while it is stopped or silent. */
export async function livePosition(host: Host, call: Call): Promise<Result<'wal-facts'>['live']> {
  if (!(await serverProcess(host.server.postgres.dataDirectory))) return null;
  return askIfAnswering(host, { sql: positionSql }, positionSchema, call);
}
