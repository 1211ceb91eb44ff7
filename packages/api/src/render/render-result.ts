import type { RunView } from '../engine/run-view.ts';
import type { DrillResult } from '../scenarios/drill-result.ts';
import type { ExtractResult } from '../scenarios/extract-result.ts';
import type { ImportAcceptResult, ImportUndoResult, StandbyImportResult } from '../scenarios/import-result.ts';
import type { ScenarioName } from '../scenarios/index.ts';
import type { ProvisionResult } from '../scenarios/provision-result.ts';
import type { RebaselineResult } from '../scenarios/rebaseline-result.ts';
import type { RestoreFromMirrorResult } from '../scenarios/restore-from-mirror-result.ts';
import type { PointInTimeResult } from '../scenarios/point-in-time-result.ts';
import type { AcceptResult, BackupResult, MirrorResult, UndoResult } from '../scenarios/small-results.ts';
import {
  renderAcceptResult,
  renderBackupResult,
  renderCutover,
  renderPointInTimeResult,
} from './render-cutover-result.ts';
import { renderDrillResult } from './render-drill-result.ts';
import { renderExtractResult } from './render-extract-result.ts';
import { renderImportAcceptResult, renderImportUndoResult, renderStandbyImportResult } from './render-import-result.ts';
import { renderMirrorResult } from './render-mirror.ts';
import { renderRestoreFromMirrorResult } from './render-restore-from-mirror.ts';
import { renderProvisionResult } from './render-provision.ts';
import { renderRebaselineResult } from './render-rebaseline-result.ts';

/** By scenario: the engine made the result by the same name. */
const renderers: Readonly<Record<ScenarioName, (result: unknown) => string>> = {
  drill: (result) => renderDrillResult(result as DrillResult),
  'point-in-time': (result) => renderPointInTimeResult(result as PointInTimeResult),
  extract: (result) => renderExtractResult(result as ExtractResult),
  undo: (result) => renderCutover((result as UndoResult).cutover),
  accept: (result) => renderAcceptResult(result as AcceptResult),
  backup: (result) => renderBackupResult(result as BackupResult),
  'restore-from-mirror': (result) => renderRestoreFromMirrorResult(result as RestoreFromMirrorResult),
  'standby-import': (result) => renderStandbyImportResult(result as StandbyImportResult),
  'import-undo': (result) => renderImportUndoResult(result as ImportUndoResult),
  'import-accept': (result) => renderImportAcceptResult(result as ImportAcceptResult),
  provision: (result) => renderProvisionResult(result as ProvisionResult),
  mirror: (result) => renderMirrorResult(result as MirrorResult),
  rebaseline: (result) => renderRebaselineResult(result as RebaselineResult),
};

/** What a run has to show; null while it has nothing. */
export function renderResult({ scenario, result }: Pick<RunView, 'scenario' | 'result'>): string | null {
  return result === null ? null : renderers[scenario as ScenarioName](result);
}
