import type { Result } from '@barback/shared/operations/index.ts';
import type { TimedAttempt } from '../engine/decide.ts';
import { cutoverResult, type CutoverResult } from './cutover-result.ts';
import type { Step } from './step.ts';
import { resultsOf } from './step-results.ts';

export interface UndoResult {
  readonly cutover: CutoverResult;
}

export function undoResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): UndoResult {
  return { cutover: cutoverResult(steps, attempts) };
}

export interface AcceptResult {
  readonly deleted: Result<'kept-discard'> | null;
}

export function acceptResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): AcceptResult {
  return { deleted: resultsOf(steps, attempts, 'kept-discard')[0]?.result ?? null };
}

export interface BackupResult {
  readonly backup: Result<'backup-create'> | null;
}

export function backupResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): BackupResult {
  return { backup: resultsOf(steps, attempts, 'backup-create')[0]?.result ?? null };
}

export interface MirrorResult {
  readonly push: Result<'mirror-push'> | null;
  readonly vault: Result<'mirror-vault'> | null;
  readonly check: Result<'mirror-check'> | null;
}

export function mirrorResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): MirrorResult {
  return {
    push: resultsOf(steps, attempts, 'mirror-push')[0]?.result ?? null,
    vault: resultsOf(steps, attempts, 'mirror-vault')[0]?.result ?? null,
    check: resultsOf(steps, attempts, 'mirror-check')[0]?.result ?? null,
  };
}
