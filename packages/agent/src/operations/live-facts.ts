import { z } from 'zod';
import type { Result } from '@barback/shared/operations/index.ts';
import { askJson, liveServer } from './copy-sql.ts';
import { serverProcess } from './copy-process.ts';
import type { Call, Host } from './handler.ts';

/** Settings that a copy needs at least (T4) and those that would endanger its isolation (T1); none of them is secret. */
const settingNames = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
  'shared_preload_libraries',
  'session_preload_libraries',
  'local_preload_libraries',
  'archive_mode',
  'listen_addresses',
  'synchronous_standby_names',
  'wal_level',
  'track_commit_timestamp',
  'wal_log_hints',
  'data_checksums',
  'data_directory',
  'server_version',
] as const;

const liveSchema = z.strictObject({
  versionNum: z.int(),
  systemIdentifier: z.string(),
  inRecovery: z.boolean(),
  timeline: z.int(),
  currentLsn: z.string(),
  settings: z.record(z.string(), z.string()),
  tablespaces: z.array(z.strictObject({ name: z.string(), oid: z.int(), location: z.string() })),
  databases: z.array(z.strictObject({ name: z.string(), sizeBytes: z.int() })),
  probeRole: z.boolean(),
});

function liveSql(probeRole: string): string {
  const here = 'CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END';
  return `SELECT json_build_object('versionNum', current_setting('server_version_num')::int,
    'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()), 'inRecovery', pg_is_in_recovery(),
    'timeline', (SELECT timeline_id FROM pg_control_checkpoint()), 'currentLsn', (${here})::text,
    'settings', (SELECT json_object_agg(name, setting) FROM pg_settings
      WHERE name IN (${settingNames.map((name) => `'${name}'`).join(', ')})),
    'tablespaces', (SELECT coalesce(json_agg(json_build_object('name', spcname, 'oid', oid::int8,
      'location', pg_tablespace_location(oid)) ORDER BY spcname), '[]') FROM pg_tablespace WHERE spcname !~ '^pg_'),
    'databases', (SELECT coalesce(json_agg(json_build_object('name', datname, 'sizeBytes', pg_database_size(oid))
      ORDER BY datname), '[]') FROM pg_database WHERE datallowconn),
    'probeRole', EXISTS (SELECT FROM pg_roles WHERE rolname = '${probeRole}' AND rolcanlogin AND NOT rolsuper));`;
}

export interface LiveFacts {
  readonly live: Result<'host-facts'>['live'];
  readonly liveState: Result<'host-facts'>['liveState'];
}

/** What the live cluster says of itself; stopped or silent is an answer too. */
export async function readLiveFacts(host: Host, call: Call): Promise<LiveFacts> {
  const process = await serverProcess(host.server.postgres.dataDirectory);
  try {
    const live = await askJson(liveServer(host), liveSql(host.server.probeRole), liveSchema, call.signal);
    return { live, liveState: 'running' };
  } catch (error) {
    if (call.signal.aborted) throw error;
    call.log(`live does not answer: ${error instanceof Error ? error.message : String(error)}`);
    return { live: null, liveState: process ? 'unknown' : 'stopped' };
  }
}
