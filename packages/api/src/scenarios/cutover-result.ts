import { operations, type OpName, type Result } from '@barback/shared/operations/index.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { z } from 'zod';
import type { TimedAttempt } from '../engine/decide.ts';
import type { Step } from './step.ts';
import { resultsOf, timesOf } from './step-results.ts';

const instant = z.string().nullable();

/** How live was replaced, as far as the run got; what it did not get to is null or empty. */
export const cutoverResultSchema = z.strictObject({
  /** From when on nobody but the superuser and Barman could write, until everybody could again; the agent's clock. */
  outage: z.strictObject({ closedAt: instant, openedAt: instant, seconds: z.number().nullable() }),
  /** From the request to stop live to the answer that the restored one takes connections. */
  downSeconds: z.number().nullable(),
  /** Marked before anything was touched: everything until there stays recoverable. */
  restorePoint: z.strictObject({ name: z.string(), lsn: z.string(), timeline: z.int() }).nullable(),
  /** Where the WAL of what was live ends. */
  stoppedAt: z.strictObject({ timeline: z.int().nullable(), lsn: z.string().nullable() }).nullable(),
  /** WAL that was copied because Barman did not have it. */
  keptWal: z.strictObject({ directory: z.string(), segments: z.array(z.string()) }).nullable(),
  kept: z.string().nullable(),
  live: z.strictObject({ timeline: z.int(), systemIdentifier: z.string(), lsn: z.string() }).nullable(),
  sessionsEnded: z.int(),
  probes: operations['live-probe'].result.shape.probes,
  history: z.string().nullable(),
  archivedSegment: z.string().nullable(),
  backup: operations['backup-create'].result.nullable(),
  checkPassed: z.boolean(),
  /** Statistics of every database; null before it was tried. */
  analyzed: operations['live-analyze'].result.nullable(),
});

export type CutoverResult = z.infer<typeof cutoverResultSchema>;

/** Puts the result together from what the steps answered. Pure. */
export function cutoverResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): CutoverResult {
  const one = <N extends OpName>(op: N): Result<N> | null => resultsOf(steps, attempts, op)[0]?.result ?? null;
  const fence = one('live-fence');
  const stop = one('live-stop');
  const marked = one('future-protect');
  const tail = one('wal-tail-save');
  const probe = one('live-probe');
  const archived = one('timeline-archived');
  return {
    outage: outage(fence?.closedAt ?? null, one('live-unfence')?.openedAt ?? null),
    downSeconds: downSeconds(steps, attempts),
    restorePoint: restorePoint(marked),
    stoppedAt: stop && { timeline: stop.timeline, lsn: stop.checkpointLsn },
    keptWal: tail && { directory: tail.kept.directory, segments: tail.kept.segments },
    kept: one('live-swap')?.kept?.path ?? null,
    live: probe && { timeline: probe.timeline, systemIdentifier: probe.systemIdentifier, lsn: probe.lsn },
    sessionsEnded: fence?.ended.length ?? 0,
    probes: probe?.probes ?? [],
    history: archived?.history ?? null,
    archivedSegment: archived?.segment ?? null,
    backup: one('backup-create'),
    checkPassed: one('check-passed') !== null,
    analyzed: one('live-analyze'),
  };
}

function restorePoint(marked: Result<'future-protect'> | null): CutoverResult['restorePoint'] {
  if (marked === null) return null;
  const { restorePoint: name, lsn, timeline } = marked;
  return name === null || lsn === null || timeline === null ? null : { name, lsn, timeline };
}

function outage(closedAt: Micros | null, openedAt: Micros | null): CutoverResult['outage'] {
  const seconds = closedAt === null || openedAt === null ? null : (openedAt - closedAt) / 1_000_000;
  return { closedAt: text(closedAt), openedAt: text(openedAt), seconds };
}

function downSeconds(steps: readonly Step[], attempts: readonly TimedAttempt[]): number | null {
  const { began } = timesOf(steps, attempts, 'stop-live');
  const { ended } = timesOf(steps, attempts, 'start-live');
  return began === null || ended === null ? null : (ended - began) / 1_000_000;
}

function text(at: Micros | null): string | null {
  return at === null ? null : formatInstant(at);
}
