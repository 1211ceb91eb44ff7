import path from 'node:path';
import { surroundingsFactsSchema, type SurroundingsFacts } from '@barback/shared/operations/surroundings-facts.ts';
import { haManagerOf, haMarkFiles, isPatroniPaused, type HaManager } from '../postgres/high-availability.ts';
import { kindOf } from '../system/directory-tree.ts';
import { readIfExists } from '../system/files.ts';
import { runningCommands } from '../system/process-table.ts';
import { askIfAnswering } from './ask-live.ts';
import type { Call, Host } from './handler.ts';
import type { LiveFacts } from './live-facts.ts';

type Manager = SurroundingsFacts['haManagers'][number];

/** The position that a stop waits for is the one flushed, or written where a client reports no other (15, walsender.c, WalSndDone). */
const walSendersSql = `WITH here AS (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn)
  SELECT coalesce(json_agg(json_build_object('applicationName', application_name, 'state', coalesce(state, 'startup'),
    'slotName', slot_name, 'logical', coalesce(slot_type = 'logical', false),
    'lagBytes', greatest(0, pg_wal_lsn_diff(lsn, coalesce(flush_lsn, write_lsn)))::int8,
    'silentSeconds', greatest(0, extract(epoch FROM clock_timestamp() - coalesce(reply_time, backend_start)))) ORDER BY pid), '[]')
  FROM here, pg_stat_replication LEFT JOIN pg_replication_slots ON active_pid = pid;`;

/** Who else depends on live, and who would act on it when it stops. */
export async function readSurroundings(host: Host, live: LiveFacts['live'], call: Call): Promise<SurroundingsFacts> {
  const [haManagers, walSenders] = await Promise.all([
    managersOf(host, live),
    askIfAnswering(host, { sql: walSendersSql }, surroundingsFactsSchema.shape.walSenders.unwrap(), call),
  ]);
  return { haManagers, walSenders };
}

async function managersOf(host: Host, live: LiveFacts['live']): Promise<Manager[]> {
  const processes = new Map<HaManager, number>();
  for (const { pid, argv } of await runningCommands()) {
    const manager = haManagerOf(argv);
    if (manager && !processes.has(manager)) processes.set(manager, pid);
  }
  const pidOf = (manager: HaManager): number | null => processes.get(manager) ?? null;
  const [patroni, autoFailover] = await Promise.all([
    markFile(host, haMarkFiles.Patroni),
    markFile(host, haMarkFiles.pg_auto_failover),
  ]);
  // repmgrd does nothing on a server that does not load its library (its documentation, "repmgrd configuration").
  const loaded = /\brepmgr\b/.test(live?.settings['shared_preload_libraries'] ?? '');
  const managers: Manager[] = [
    {
      manager: 'Patroni',
      pid: pidOf('Patroni'),
      mark: patroni?.file ?? null,
      paused: patroni === null ? null : isPatroniPaused(patroni.text),
    },
    {
      manager: 'repmgrd',
      pid: pidOf('repmgrd'),
      mark: loaded ? 'shared_preload_libraries' : null,
      paused: null,
    },
    {
      manager: 'pg_auto_failover',
      pid: pidOf('pg_auto_failover'),
      mark: autoFailover?.file ?? null,
      paused: null,
    },
  ];
  return managers.filter((one) => one.pid !== null || one.mark !== null);
}

async function markFile(host: Host, name: string): Promise<{ file: string; text: string } | null> {
  const file = path.join(host.server.postgres.dataDirectory, name);
  // PostgreSQL's user could put anything there: a pipe would never end.
  if ((await kindOf(file).catch(() => 'other')) !== 'file') return null;
  const text = await readIfExists(file);
  return text === undefined ? null : { file, text };
}
