import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { pathOf, type TimelinePath } from '../window/timeline-tree.ts';
import { isOnPath, usableBackups } from '../window/usable-backups.ts';

type Catalogue = Result<'mirror-catalogue'>;

export interface ChosenBackup {
  readonly backup: Backup;
  readonly timeline: number;
}

/**
 * The newest usable backup of the branch that was live when the mirror was written (T41), or the one that is asked for. Pure; throws
 * ProblemError.
 */
export function chooseMirrored(catalogue: Catalogue, asked: string | undefined): ChosenBackup {
  const { segmentBytes, histories } = catalogue;
  const path = pathOf({ segmentBytes, histories, held: [] }, branchOf(catalogue));
  if (path === undefined) throw unknownBranch(catalogue, `its history is missing: ${branchOf(catalogue)}.history`);
  const held = new Set(catalogue.needed.map(({ backupId }) => backupId));
  const backups = catalogue.backups.filter(({ id }) => held.has(id) && (asked === undefined || id === asked));
  const usable = usableBackups(backups, { systemIdentifier: systemOf(catalogue, path), segmentBytes });
  const chosen = usable.find((one) => isOnPath(one, path));
  if (chosen === undefined) throw nothingUsable(catalogue, asked, path);
  return { backup: chosen.backup, timeline: path.timeline };
}

/** Where nobody said which one was live, there is no doubt only with one. */
function branchOf(catalogue: Catalogue): number {
  const { liveTimeline, backups, histories } = catalogue;
  if (liveTimeline !== null) return liveTimeline;
  const all = new Set([...backups.flatMap((one) => one.timeline ?? []), ...histories.map((one) => one.timeline)]);
  const [only] = all;
  if (all.size === 1 && only !== undefined) return only;
  throw unknownBranch(catalogue, `it holds timelines ${[...all].toSorted((a, b) => a - b).join(', ')}`);
}

/** Of the newest backup on the branch: older ones may be of a cluster that was given up. */
function systemOf({ backups }: Catalogue, { timeline }: TimelinePath): string | null {
  const known = backups.filter((one) => one.systemIdentifier !== null).toSorted((a, b) => (a.id < b.id ? 1 : -1));
  return (known.find((one) => one.timeline === timeline) ?? known[0])?.systemIdentifier ?? null;
}

function unknownBranch({ source }: Catalogue, reason: string): ProblemError {
  return new ProblemError('target-ambiguous', `the mirror ${source} does not say which branch was live; ${reason}`, {
    next: 'Fetch the mirror by hand and restore with Barman, as docs/disaster-recovery.md says. Nothing was changed.',
  });
}

function nothingUsable(catalogue: Catalogue, asked: string | undefined, path: TimelinePath): ProblemError {
  const told = catalogue.backups.map(
    (one) => `${one.id} (${one.unsupportedReasons[0] ?? one.status}, timeline ${one.timeline})`,
  );
  const what = asked === undefined ? 'no backup' : `no backup ${asked}`;
  return new ProblemError(
    'backup-not-found',
    `the mirror ${catalogue.source} holds ${what} that leads to timeline ${path.timeline}; it lists ${told.join(', ') || 'none'}`,
    { next: 'Leave out "backup", or name another one. Nothing was changed.' },
  );
}
