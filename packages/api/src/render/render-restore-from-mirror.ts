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

/** What the run writes of the lost host's configuration, and what of it is otherwise here and is left alone. */
export function renderDiffs({ vault }: Extract<PlanView, { scenario: 'restore-from-mirror' }>): string | null {
  const written = new Set(vault.adopted.map(({ path }) => path));
  const left = vault.configuration.filter(({ path }) => !written.has(path));
  return page(
    diffs('configuration that the run writes', vault.adopted),
    diffs('configuration that is otherwise here, and stays', left),
  );
}

function diffs(title: string, files: readonly { readonly diff: string | null }[]): string | null {
  const lines = files.flatMap(({ diff }) => (diff === null ? [] : diff.trimEnd().split('\n')));
  return lines.length === 0 ? null : section(title, lines.map((line) => `  ${plain(line)}\n`).join(''));
}
