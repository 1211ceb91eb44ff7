import type { Json } from '@barback/shared/wire/json.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import { drillResult } from '../scenarios/drill-result.ts';
import { extractResult } from '../scenarios/extract-result.ts';
import { importAcceptResult, importUndoResult, standbyImportResult } from '../scenarios/import-result.ts';
import type { ScenarioName } from '../scenarios/index.ts';
import { pointInTimeResult } from '../scenarios/point-in-time-result.ts';
import { restoreFromMirrorResult } from '../scenarios/restore-from-mirror-result.ts';
import { provisionResult } from '../scenarios/provision-result.ts';
import { rebaselineResult } from '../scenarios/rebaseline-result.ts';
import { acceptResult, backupResult, mirrorResult, undoResult } from '../scenarios/small-results.ts';
import type { Attempt } from './decide.ts';
import type { Run } from './load-run.ts';

/** Why an attempt did not succeed; null when it did, or is not over. */
export function problemOf(attempt: Pick<Attempt, 'outcome'> | null): Problem | null {
  const outcome = attempt?.outcome ?? null;
  if (outcome === null || outcome.is === 'succeeded') return null;
  if (outcome.is === 'cancelled') return problem('cancelled', 'it was cancelled before it had ended');
  return outcome.problem;
}

/** What a run has to show, also when it failed: the parts that it did not get to are empty. */
export function resultOf(run: Run): Json {
  const { steps, scenario } = run.plan;
  return results[scenario](steps, run.attempts) as unknown as Json;
}

const results = {
  drill: drillResult,
  'point-in-time': pointInTimeResult,
  extract: extractResult,
  undo: undoResult,
  accept: acceptResult,
  backup: backupResult,
  rebaseline: rebaselineResult,
  mirror: mirrorResult,
  'restore-from-mirror': restoreFromMirrorResult,
  'standby-import': standbyImportResult,
  'import-undo': importUndoResult,
  'import-accept': importAcceptResult,
  provision: provisionResult,
} as const satisfies Record<ScenarioName, unknown>;
