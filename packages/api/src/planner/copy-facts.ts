import type { Params } from '@barback/shared/operations/index.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import type { CopyFacts } from '../scenarios/copy-steps.ts';
import type { ExactEnd } from '../window/index-reader.ts';
import type { Course } from './course.ts';
import { preloadLibraries } from './preload-libraries.ts';
import type { Gathered } from './gather.ts';

/** What the planner decided about the copy, for the steps of any scenario that makes one. Pure. */
export function copyFacts(server: string, { host }: Gathered, course: Course): CopyFacts {
  const { backup, path, target } = course;
  return {
    server,
    backup,
    timeline: path.timeline,
    target,
    expect: expectation(course),
    jobs: host.jobs,
    settings: copySettings(host),
  };
}

function expectation({ stop }: Course): Params<'scratch-replay'>['expect'] {
  if (stop === null) return null;
  const transaction = (end: ExactEnd | null) =>
    end && { xid: end.xid, lsn: lsnFromNumber(end.position), time: end.time };
  return {
    record: lsnFromNumber(stop.candidate.position),
    lastKept: transaction(stop.lastKept),
    firstUndone: transaction(stop.firstUndone),
    lastEndTime: stop.lastEnd?.time ?? null,
  };
}

/** At least live's, PostgreSQL 15's defaults otherwise: the agent raises them to what the staged WAL was written with (T4). */
export function copySettings(host: Gathered['host']): Params<'scratch-start'>['settings'] {
  const live = host.live?.settings ?? {};
  const number = (name: string, otherwise: number): number => {
    const value = Number(live[name]);
    return Number.isInteger(value) && value >= 0 && live[name] !== '' ? value : otherwise;
  };
  return {
    maxConnections: Math.max(1, number('max_connections', 100)),
    maxWorkerProcesses: number('max_worker_processes', 8),
    maxWalSenders: number('max_wal_senders', 10),
    maxPreparedTransactions: number('max_prepared_transactions', 0),
    maxLocksPerTransaction: Math.max(1, number('max_locks_per_transaction', 64)),
    sharedPreloadLibraries: preloadLibraries(host).filter((name) => /^[A-Za-z0-9_$/.-]{1,128}$/.test(name)),
  };
}
