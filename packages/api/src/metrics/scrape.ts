import { setTimeout as delay } from 'node:timers/promises';
import { count, eq, inArray, max } from 'drizzle-orm';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import type { Database, Reader } from '../db/database.ts';
import { events, runs } from '../db/schema.ts';
import { deliveries } from '../db/watch-schema.ts';
import { activeStates } from '../engine/record-run.ts';
import { parseInstant } from '@barback/shared/postgres/instant.ts';
import type { OffsiteState } from '../offsite/offsite-keeper.ts';
import { sees, type Principal } from '../keys/principal.ts';
import { loadSchedules } from '../schedules/schedule-store.ts';
import { loadDatabaseServers } from '../servers/server-store.ts';
import { apiVersion } from '../version.ts';
import { MetricSet } from './metric-set.ts';
import { addServerMetrics } from './server-metrics.ts';

/** Of the process itself; they count from its start. */
const processRegistry = new Registry();
collectDefaultMetrics({ register: processRegistry });

export interface Scrape {
  readonly text: string;
  /** Prometheus 3 refuses a scrape without a valid one. */
  readonly contentType: string;
}

/** Everything that a key may see, in the text format of Prometheus. */
export async function scrape(
  database: Database,
  { clock, principal, offsite }: { clock: Clock; principal: Principal; offsite: OffsiteState | null },
): Promise<Scrape> {
  const registry = new Registry();
  const set = new MetricSet(registry);
  const reader = database.orm;
  set.gauge('barback_build_info', 'The version that runs', { version: apiVersion }, 1);
  for (const server of loadDatabaseServers(reader)) {
    if (!sees(principal, server.name)) continue;
    addServerMetrics(set, reader, server, clock);
    // Requests are answered between two servers.
    await delay(0);
  }
  addRuns(set, reader, principal);
  addSchedules(set, reader, principal);
  if (principal.servers === null) {
    addWhole(set, reader);
    addOffsite(set, offsite);
  }
  const whole = Registry.merge([processRegistry, registry]);
  return { text: await whole.metrics(), contentType: whole.contentType };
}

function addRuns(set: MetricSet, reader: Reader, principal: Principal): void {
  const { server, scenario, state } = runs;
  const ended = reader
    .select({ server, scenario, state, runs: count(), newest: max(runs.finishedAt) })
    .from(runs)
    .where(inArray(state, ['succeeded', 'failed', 'cancelled']))
    .groupBy(server, scenario, state)
    .all();
  for (const one of ended.filter((row) => sees(principal, row.server))) {
    const labels = { server: one.server, scenario: one.scenario };
    set.counter('barback_runs_total', 'Runs that have ended', { ...labels, outcome: one.state }, one.runs);
    if (one.state !== 'succeeded') continue;
    set.instant('barback_last_success_timestamp_seconds', 'End of the last run that succeeded', labels, one.newest);
  }
  const active = reader
    .select({ server, scenario, state })
    .from(runs)
    .where(inArray(state, [...activeStates]))
    .all();
  for (const one of active.filter((row) => sees(principal, row.server))) {
    set.gauge('barback_run_in_progress', 'A run that has not ended, by its state', { ...one }, 1);
  }
}

function addSchedules(set: MetricSet, reader: Reader, principal: Principal): void {
  for (const { definition, next } of loadSchedules(reader)) {
    const { server, name: schedule } = definition;
    if (!sees(principal, server)) continue;
    const help = 'When it begins next';
    set.instant('barback_schedule_next_timestamp_seconds', help, { server, schedule }, next?.startsAt ?? null);
  }
}

function addOffsite(set: MetricSet, offsite: OffsiteState | null): void {
  if (offsite === null) return;
  const { newest, problem } = offsite;
  set.gauge(
    'barback_database_copy_failing',
    'Whether the last copy of the database to its box failed',
    {},
    problem === null ? 0 : 1,
  );
  const at = newest === null ? null : parseInstant(newest.at);
  const help = 'When the newest copy of the database on its box was made';
  set.instant('barback_database_copy_timestamp_seconds', help, {}, at?.ok ? at.micros : null);
  set.gauge(
    'barback_database_copy_events',
    'Events of the audit log that the newest copy has',
    {},
    newest === null ? null : newest.seq + 1,
  );
}

/** What is of no single server. */
function addWhole(set: MetricSet, reader: Reader): void {
  const { channel, state } = deliveries;
  const told = reader.select({ channel, state, deliveries: count() }).from(deliveries).groupBy(channel, state).all();
  for (const one of told) {
    const labels = { channel: one.channel, state: one.state };
    set.gauge('barback_deliveries', 'Messages of the last 90 days, by what became of them', labels, one.deliveries);
  }
  const newest =
    reader
      .select({ seq: max(events.seq) })
      .from(events)
      .get()?.seq ?? null;
  set.gauge('barback_audit_events', 'Events of the audit log', {}, newest === null ? null : newest + 1);
  const halted = reader.select({ runs: count() }).from(runs).where(eq(runs.state, 'needs_operator')).get();
  set.gauge('barback_runs_needing_operator', 'Runs that a person must look at', {}, halted?.runs ?? 0);
}
