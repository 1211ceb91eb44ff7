import { operations, type OpName, type Result } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import type { TimedAttempt } from '../engine/decide.ts';
import type { Step } from './step.ts';
import { resultsOf, timesOf } from './step-results.ts';

/** How a name went from one database to another, as far as the run got. */
export const exchangeResultSchema = z.strictObject({
  /** From when on nobody got in until everybody did again; by the api's clock. */
  outageSeconds: z.number().nullable(),
  kept: z.string().nullable(),
  sessionsEnded: z.int(),
  restorePoint: z.string().nullable(),
  probes: operations['live-probe'].result.shape.probes,
});

export type ExchangeResult = z.infer<typeof exchangeResultSchema>;

export interface StandbyImportResult {
  readonly dump: Result<'import-dump'> | null;
  readonly load: Result<'import-load'> | null;
  readonly exchange: ExchangeResult;
  readonly backup: Result<'backup-create'> | null;
}

export interface ImportUndoResult {
  readonly exchange: ExchangeResult;
}

export interface ImportAcceptResult {
  readonly dropped: Result<'database-discard'> | null;
}

/** Puts the result together from what the steps answered. Pure. */
export function standbyImportResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): StandbyImportResult {
  const one = <N extends OpName>(op: N): Result<N> | null => resultsOf(steps, attempts, op)[0]?.result ?? null;
  return {
    dump: one('import-dump'),
    load: one('import-load'),
    exchange: exchangeResult(steps, attempts),
    backup: one('backup-create'),
  };
}

export function importUndoResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): ImportUndoResult {
  return { exchange: exchangeResult(steps, attempts) };
}

export function importAcceptResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): ImportAcceptResult {
  return { dropped: resultsOf(steps, attempts, 'database-discard')[0]?.result ?? null };
}

function exchangeResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): ExchangeResult {
  const one = <N extends OpName>(op: N): Result<N> | null => resultsOf(steps, attempts, op)[0]?.result ?? null;
  const swap = one('database-swap');
  const { began } = timesOf(steps, attempts, 'swap');
  const { ended } = timesOf(steps, attempts, 'open');
  return {
    outageSeconds: began === null || ended === null ? null : (ended - began) / 1_000_000,
    kept: swap?.kept ?? null,
    sessionsEnded: swap?.sessionsEnded ?? 0,
    restorePoint: one('future-protect')?.restorePoint ?? null,
    probes: one('live-probe')?.probes ?? [],
  };
}
