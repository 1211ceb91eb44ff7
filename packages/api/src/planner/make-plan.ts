import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Params } from '@barback/shared/operations/index.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { parseSegmentName } from '@barback/shared/postgres/segment.ts';
import { scenarios } from '../scenarios/index.ts';
import { chooseBackup } from './choose-backup.ts';
import { findingsOf, preloadLibraries } from './findings.ts';
import type { Gathered } from './gather.ts';
import { planDocumentSchema, type PlanDocument, type ServerSettings } from './plan-document.ts';
import type { PlanRequest } from './plan-request.ts';
import { predictSeconds } from './predict.ts';
import { resolveTarget, timelineOf } from './resolve-target.ts';
import { historyOf, walReach, type WalFacts, type WalReach } from './wal-path.ts';

export interface PlanInput {
  readonly id: string;
  readonly request: PlanRequest;
  readonly gathered: Gathered;
  readonly agentId: string;
  readonly settings: ServerSettings;
  /** Seconds of the last succeeded drills of this server. */
  readonly earlierSeconds: readonly number[];
  readonly earlierSystemIdentifier: string | null;
  readonly activeRun: string | null;
  readonly createdAt: Micros;
  readonly expiresAt: Micros;
  readonly createdBy: string;
}

/** The plan of a request and the facts: everything that will be done, with every parameter final. Throws ProblemError; pure. */
export function makePlan(input: PlanInput): PlanDocument {
  const { request, gathered, settings } = input;
  const { host, wal } = gathered;
  const target = resolveTarget(request.target, host.time);
  const named = gathered.backups.find((backup) => backup.id === request.backup);
  const question = { wal, backups: gathered.backups, liveTimeline: host.live?.timeline ?? null };
  const timeline = timelineOf(target, question, named);
  const backup = chooseBackup({ ...question, server: request.server, target, timeline, backupId: request.backup });
  const history = historyOf(wal, timeline);
  const reach = backup.beginWal === null ? null : walReach(wal, history, backup.beginWal);
  const walBytes = reach === null ? null : neededWalBytes(backup, reach, wal, target.type === 'immediate');
  const scratchBytes = backup.sizeBytes ?? 0;
  const { server, options } = request;
  const steps = scenarios[request.scenario].steps(options, {
    server,
    backup,
    timeline,
    target,
    jobs: host.jobs,
    configuredProbes: host.probes,
    settings: copySettings(gathered),
    bounds: { rowLossPercentMax: settings.rowLossPercentMax, tablesMin: settings.tablesMin },
  });
  const findings = findingsOf({
    server,
    host,
    wal,
    backup,
    target,
    reach,
    scratchBytes,
    walBytes,
    probes: host.probes.length + options.probes.length,
    activeRun: input.activeRun,
    earlierSystemIdentifier: input.earlierSystemIdentifier,
  });
  return planDocumentSchema.parse({
    format: 1,
    id: input.id,
    server,
    agent: input.agentId,
    scenario: request.scenario,
    createdAt: formatInstant(input.createdAt),
    expiresAt: formatInstant(input.expiresAt),
    createdBy: input.createdBy,
    target: request.target,
    timeline,
    backup,
    options: JSON.parse(JSON.stringify(options)) as unknown,
    findings,
    predictions: { scratchBytes, walBytes, seconds: predictSeconds(input.earlierSeconds) },
    approvalsRequired: settings.approvals[request.scenario] ?? 0,
    settings,
    systemIdentifier: host.live?.systemIdentifier ?? null,
    postgresVersionNum: backup.postgresVersionNum ?? host.live?.versionNum ?? null,
    barmanVersion: host.barman.version,
    steps,
  });
}

/** At most: for a time, all WAL behind the backup may have to be copied. */
function neededWalBytes(backup: Backup, reach: WalReach, wal: WalFacts, onlyBackup: boolean): number {
  if (!onlyBackup || backup.beginWal === null || backup.endWal === null) return reach.segments * wal.segmentBytes;
  const own = segmentsBetween(backup.beginWal, backup.endWal, wal.segmentBytes);
  return Math.min(own, reach.segments) * wal.segmentBytes;
}

/** A copy must have at least what live had when the WAL was written, or it stops replaying (T4). PostgreSQL 15's defaults otherwise. */
function copySettings({ host }: Gathered): Params<'scratch-start'>['settings'] {
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

function segmentsBetween(first: string, last: string, segmentBytes: number): number {
  const numbers = [first, last].map((name) => parseSegmentName(name, segmentBytes)?.number ?? 0n);
  return Number((numbers[1] ?? 0n) - (numbers[0] ?? 0n)) + 1;
}
