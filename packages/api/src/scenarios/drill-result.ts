import type { Params, Result } from '@barback/shared/operations/index.ts';
import type { ProbeResult, TableCount } from '@barback/shared/operations/scratch-probe.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { AttemptOutcome, TimedAttempt } from '../engine/decide.ts';
import type { Step } from './step.ts';

/** A committed transaction; `time` as RFC 3339 with microseconds. */
interface Transaction {
  readonly xid: number;
  readonly lsn: string;
  readonly time: string;
}

/** One table of the copy beside live and beside the last succeeded drill; null where there is no number to compare. */
export interface ComparisonLine {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly rows: number | null;
  readonly live: number | null;
  readonly previous: number | null;
  /** Share of the larger reference that is missing in the copy, in percent; null without a reference. */
  readonly lossPercent: number | null;
  readonly note: string | null;
}

/** Seconds of each phase; null where the drill did not get to its end. */
export interface DrillPhases {
  readonly recover: number | null;
  readonly verifyManifest: number | null;
  readonly start: number | null;
  readonly replay: number | null;
  readonly probe: number | null;
  readonly promote: number | null;
  readonly amcheck: number | null;
}

/** What a drill proved; a part that a failed drill did not get to is null or empty. */
export interface DrillResult {
  readonly backupId: string | null;
  readonly timeline: number | null;
  readonly manifest: 'verified' | 'absent' | null;
  readonly manifestFiles: number | null;
  readonly bytes: number | null;
  readonly walSegments: number | null;
  readonly partialSegment: string | null;
  readonly evidence: string | null;
  readonly lastReplayed: Transaction | null;
  readonly firstSkipped: Transaction | null;
  readonly probes: readonly ProbeResult[];
  readonly tables: readonly TableCount[];
  readonly comparison: readonly ComparisonLine[];
  /** In roles, passwords, databases and extensions; null when live did not answer. Shown, and no failure: the copy is older. */
  readonly differences: Pick<Result<'scratch-compare'>, 'count' | 'differences'> | null;
  readonly amcheck: { readonly level: string; readonly databases: number; readonly relations: number } | null;
  readonly phases: DrillPhases;
  /**
   * What a real restore of this backup to this target would have needed: recover, start, replay and promote. Comparing the
   * manifest, probes and amcheck prove and are not part of it.
   */
  readonly rtoSeconds: number | null;
  /**
   * For `latest` and `immediate`: from the last replayed commit to the begin of the drill, an upper bound of what a restore at
   * that moment would have lost (an idle database lost nothing). Null for another target: what lies after it is given up on purpose.
   */
  readonly rpoSeconds: number | null;
}

/** Puts a drill's result together from what its steps answered. Pure. */
export function drillResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): DrillResult {
  const of = <N extends DrillOperation>(name: string, _operation: N): Result<N> | null =>
    resultOf(steps, attempts, name) as Result<N> | null;
  const adopted = of('adopt', 'scratch-adopt');
  const recover = of('recover', 'scratch-recover') ?? adopted?.recovered;
  const manifest = of('verify-manifest', 'scratch-verify-manifest') ?? adopted?.manifest;
  const replay = of('replay', 'scratch-replay');
  const paused = of('probe', 'scratch-probe');
  const promoted = of('probe-promoted', 'scratch-probe');
  const asked = steps.find(({ name }) => name === 'recover' || name === 'adopt')?.action;
  const params =
    asked?.on === 'agent'
      ? (asked.params as Pick<Params<'scratch-recover'>, 'backupId' | 'timeline' | 'target'>)
      : null;
  const phases = phasesOf(steps, attempts);
  return {
    backupId: params?.backupId ?? null,
    timeline: replay?.timeline ?? params?.timeline ?? null,
    manifest: manifest?.manifest ?? null,
    manifestFiles: manifest?.files ?? null,
    bytes: recover?.bytes ?? null,
    walSegments: recover?.wal.segments ?? null,
    partialSegment: recover?.wal.partial ?? null,
    evidence: replay?.evidence ?? null,
    lastReplayed: transaction(replay?.lastReplayed ?? null),
    firstSkipped: transaction(replay?.firstSkipped ?? null),
    probes: answers(paused?.probes ?? [], promoted?.probes ?? []),
    tables: mergedTables(paused?.tables ?? [], promoted?.tables ?? []),
    comparison: comparisonOf(steps, attempts),
    differences: differencesOf(of('compare', 'scratch-compare')),
    amcheck: of('amcheck', 'scratch-amcheck'),
    phases,
    rtoSeconds: sum([phases.recover, phases.start, phases.replay, phases.promote]),
    rpoSeconds: rpoSeconds(
      params?.target.type ?? null,
      replay?.lastReplayed?.time ?? null,
      begin(steps, attempts, 'recover'),
    ),
  };
}

type DrillOperation =
  | 'scratch-recover'
  | 'scratch-adopt'
  | 'scratch-verify-manifest'
  | 'scratch-replay'
  | 'scratch-probe'
  | 'scratch-amcheck'
  | 'scratch-compare';

/** Counts made after the promotion win: a lock of the undone transaction is gone then. */
function mergedTables(paused: readonly TableCount[], promoted: readonly TableCount[]): readonly TableCount[] {
  const later = new Map(promoted.map((one) => [keyOf(one), one]));
  const merged = paused.map((one) => (one.rows === null ? (later.get(keyOf(one)) ?? one) : one));
  const known = new Set(paused.map(keyOf));
  return [...merged, ...promoted.filter((one) => !known.has(keyOf(one)))];
}

function keyOf(table: TableCount): string {
  return JSON.stringify([table.database, table.schema, table.table]);
}

function differencesOf(compared: Result<'scratch-compare'> | null): DrillResult['differences'] {
  return compared?.available ? { count: compared.count, differences: compared.differences } : null;
}

function phasesOf(steps: readonly Step[], attempts: readonly TimedAttempt[]): DrillPhases {
  const of = (name: string): number | null => secondsOf(steps, attempts, name);
  const probes = [of('probe'), of('probe-promoted')].filter((seconds) => seconds !== null);
  return {
    recover: of('recover') ?? of('adopt'),
    verifyManifest: of('verify-manifest'),
    start: of('start'),
    replay: of('replay'),
    probe: probes.length === 0 ? null : sum(probes),
    promote: of('promote'),
    amcheck: of('amcheck'),
  };
}

/** The judge's lines, whether it passed the drill or failed it. */
function comparisonOf(steps: readonly Step[], attempts: readonly TimedAttempt[]): readonly ComparisonLine[] {
  const outcome = lastOutcome(steps, attempts, 'judge');
  const holder =
    outcome?.is === 'succeeded' ? outcome.result : outcome?.is === 'failed' ? (outcome.problem.facts ?? null) : null;
  if (holder === null || typeof holder !== 'object' || !('comparison' in holder)) return [];
  return holder.comparison as unknown as readonly ComparisonLine[];
}

/** The bytes are a receipt's, checked against the operation's contract when it was admitted. */
function resultOf(steps: readonly Step[], attempts: readonly TimedAttempt[], name: string): unknown {
  const outcome = lastOutcome(steps, attempts, name);
  return outcome?.is === 'succeeded' ? outcome.result : null;
}

function lastOutcome(steps: readonly Step[], attempts: readonly TimedAttempt[], name: string): AttemptOutcome | null {
  return triesOf(steps, attempts, name).at(-1)?.outcome ?? null;
}

/** From the first intent to the end of the try that succeeded, so that waiting and repeating count. */
function secondsOf(steps: readonly Step[], attempts: readonly TimedAttempt[], name: string): number | null {
  const tries = triesOf(steps, attempts, name);
  const end = tries.find((attempt) => attempt.outcome?.is === 'succeeded')?.endedAt;
  const start = tries.at(0)?.intendedAt;
  return end === null || end === undefined || start === undefined ? null : (end - start) / 1_000_000;
}

function begin(steps: readonly Step[], attempts: readonly TimedAttempt[], name: string): Micros | null {
  return triesOf(steps, attempts, name).at(0)?.intendedAt ?? null;
}

function triesOf(steps: readonly Step[], attempts: readonly TimedAttempt[], name: string): readonly TimedAttempt[] {
  const index = steps.findIndex((step) => step.name === name);
  return attempts.filter((attempt) => attempt.step === index && attempt.direction === 'forward');
}

function transaction(value: { xid: number; lsn: string; time: number } | null): Transaction | null {
  return value === null ? null : { xid: value.xid, lsn: value.lsn, time: formatInstant(value.time) };
}

/** Null when any part is unknown: half a sum would look like a good time. */
function sum(parts: readonly (number | null)[]): number | null {
  let total = 0;
  for (const part of parts) {
    if (part === null) return null;
    total += part;
  }
  return Math.round(total * 1000) / 1000;
}

function rpoSeconds(target: string | null, lastReplayed: Micros | null, drillBegan: Micros | null): number | null {
  const isEverything = target === 'latest' || target === 'immediate';
  if (!isEverything || lastReplayed === null || drillBegan === null) return null;
  return Math.max(0, drillBegan - lastReplayed) / 1_000_000;
}

/** One answer for each probe: the paused copy's where it had one, else the open copy's, where no lock of an undone transaction is left. */
function answers(paused: readonly ProbeResult[], promoted: readonly ProbeResult[]): readonly ProbeResult[] {
  if (promoted.length === 0) return paused;
  return promoted.map((probe, index) => (paused[index]?.ok ? paused[index] : probe));
}
