import type { CutoverResult } from '../scenarios/cutover-result.ts';
import type { PointInTimeResult } from '../scenarios/point-in-time-result.ts';
import type { AcceptResult, BackupResult } from '../scenarios/small-results.ts';
import { fields, page, section } from './layout.ts';
import { plain } from './plain.ts';
import { renderDrillResult } from './render-drill-result.ts';
import { bytes, duration, exactInstant } from './units.ts';

/** How live was replaced, then what the copy had proved before. */
export function renderPointInTimeResult(result: PointInTimeResult): string {
  return page(renderCutover(result.cutover), renderDrillResult(result));
}

/** As far as it got: the outage first. */
export function renderCutover(result: CutoverResult): string {
  const { live, stoppedAt, restorePoint, keptWal, backup } = result;
  return (
    section(
      'cutover',
      fields([
        ['  outage', outage(result)],
        ['  live was down for', result.downSeconds === null ? null : duration(result.downSeconds)],
        [
          '  live now',
          live === null ? null : `timeline ${live.timeline}, at ${live.lsn}, system ${live.systemIdentifier}`,
        ],
        [
          '  live before',
          stoppedAt === null
            ? null
            : `ended at ${stoppedAt.lsn ?? 'an unknown place'} of timeline ${stoppedAt.timeline ?? '?'}`,
        ],
        ['  kept at', result.kept === null ? null : plain(result.kept)],
        ['  marked before', restorePoint === null ? null : `restore point ${restorePoint.name} at ${restorePoint.lsn}`],
        ['  WAL kept', keptWal === null ? null : `${keptWal.segments.length} segments in ${plain(keptWal.directory)}`],
        ['  sessions ended', String(result.sessionsEnded)],
        ['  WAL arrives', result.archivedSegment],
        ['  backup', backup === null ? null : `${backup.backupId}, DONE, ${bytes(backup.sizeBytes ?? 0)}`],
        ['  statistics', statistics(result)],
        ['  barman check', result.checkPassed ? 'no failure' : null],
      ]),
    ) ?? ''
  );
}

function statistics({ analyzed }: CutoverResult): string | null {
  if (analyzed === null) return null;
  if (analyzed.complete) return `gathered in ${duration(analyzed.seconds)}`;
  return `not complete (${plain(analyzed.hindrance ?? '')}): autovacuum goes on, or run vacuumdb --all --analyze-only`;
}

function outage({ outage: { closedAt, openedAt, seconds } }: CutoverResult): string | null {
  if (closedAt === null) return null;
  if (openedAt === null || seconds === null) return `since ${exactInstant(closedAt)}`;
  return `${duration(seconds)}, from ${exactInstant(closedAt)} to ${exactInstant(openedAt)}`;
}

export function renderAcceptResult({ deleted }: AcceptResult): string {
  if (deleted === null) return '';
  return (
    section('accepted', `  ${deleted.existed ? `${bytes(deleted.bytes)} are free again` : 'it was gone already'}\n`) ??
    ''
  );
}

export function renderBackupResult({ backup }: BackupResult): string {
  if (backup === null) return '';
  return section('backup', `  ${backup.backupId}, DONE, ${bytes(backup.sizeBytes ?? 0)}\n`) ?? '';
}
