import type { PlanView } from '../planner/plan-view.ts';
import type { RestoreFromMirrorResult } from '../scenarios/restore-from-mirror-result.ts';
import { fields, page, section } from './layout.ts';
import { plain } from './plain.ts';
import { renderPointInTimeResult } from './render-cutover-result.ts';
import { bytes, duration, exactInstant } from './units.ts';

/** What came from the box, then how it became live. */
export function renderRestoreFromMirrorResult(result: RestoreFromMirrorResult): string {
  return page(section('from the mirror', fromMirror(result)), renderPointInTimeResult(result));
}

function fromMirror({ fetched, filled, home, lastReplayed, reindexed }: RestoreFromMirrorResult): string {
  return fields([
    [
      '  fetched first',
      fetched === null ? null : `${fetched.files} files, ${bytes(fetched.bytes)} in ${duration(fetched.seconds)}`,
    ],
    ['  state of the mirror', fetched === null ? null : exactInstant(fetched.mirroredAt)],
    [
      '  last commit',
      lastReplayed === null
        ? null
        : `${lastReplayed.xid} of ${exactInstant(lastReplayed.time)}; what came later is lost`,
    ],
    ["  Barman's former files", home?.kept == null ? null : plain(home.kept.path)],
    [
      '  fetched afterwards',
      filled === null
        ? null
        : `${filled.files} files, ${bytes(filled.bytes)} in ${duration(filled.seconds)}; ${filled.backups} backups`,
    ],
    [
      '  indexes made anew',
      reindexed === null || reindexed.databases.length === 0
        ? null
        : reindexed.databases.map(({ name, indexes }) => `${indexes} of ${plain(name)}`).join(', '),
    ],
    [
      '  DAMAGED in the mirror',
      filled === null || filled.damaged.length === 0 ? null : filled.damaged.map(plain).join(', '),
    ],
  ]);
}

/** What of the lost host's configuration is otherwise here: it is shown and never written. */
export function renderDiffs({ vault }: Extract<PlanView, { scenario: 'restore-from-mirror' }>): string | null {
  const lines = vault.configuration.flatMap(({ diff }) => (diff === null ? [] : diff.trimEnd().split('\n')));
  if (lines.length === 0) return null;
  return section('configuration that is otherwise here', lines.map((line) => `  ${plain(line)}\n`).join(''));
}
