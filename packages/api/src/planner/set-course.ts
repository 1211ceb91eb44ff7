import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { unreachable } from '../targets/describe-refusal.ts';
import { describeBranches } from '../targets/describe-branches.ts';
import { lookAround } from '../targets/look-around.ts';
import { resolveTarget } from '../targets/resolve-target.ts';
import type { PlacedTarget } from '../targets/find-candidates.ts';
import type { Search } from '../targets/search.ts';
import type { TimelinePath } from '../window/timeline-tree.ts';
import { coordinatesOf, isOnPath, objections, reachOf, type UsableBackup } from '../window/usable-backups.ts';
import { pathIn } from '../window/wal-picture.ts';
import type { Course } from './course.ts';
import type { DrillRequest } from './plan-request.ts';

export interface CourseQuestion {
  readonly request: Pick<DrillRequest, 'server' | 'target' | 'backup'>;
  /** The clock of the server's host. */
  readonly now: Micros;
}

/** Decides the backup, the timeline and the exact stop. Throws ProblemError with what to write instead. */
export async function setCourse(search: Search, question: CourseQuestion): Promise<Course> {
  const { request } = question;
  const named = request.backup === undefined ? undefined : namedBackup(search, request.server, request.backup);
  // An unusable backup goes on, so that the findings say everything that is wrong with it at once.
  const known = named ? withNamed(search, named) : search;
  if (known.picture.usable.length === 0) throw noUsableBackup(search, request.server);
  const { target } = request;
  switch (target.type) {
    case 'latest':
      return toLatest(known, question);
    case 'immediate':
      return toEndOfBackup(known, question);
    default:
      return toPlace(known, question, target);
  }
}

function namedBackup({ picture }: Search, server: string, id: string): Backup {
  const backup = picture.backups.find((one) => one.id === id);
  if (backup) return backup;
  throw new ProblemError('backup-not-found', `Barman has no backup ${id} of server ${server}`, {
    next: `List them: GET /v1/servers/${server}/backups`,
  });
}

function withNamed(search: Search, named: Backup): Search {
  const { picture } = search;
  const coordinates = coordinatesOf(named, picture.state.segmentBytes);
  if (!coordinates) {
    const reasons = objections(named, picture.state);
    throw new ProblemError('unsupported-backup', `Backup ${named.id} cannot be restored: ${reasons.join('; ')}`, {
      next: 'Leave out "backup", so that a usable one is chosen',
    });
  }
  return { ...search, picture: { ...picture, usable: [coordinates] } };
}

async function toPlace(search: Search, { request, now }: CourseQuestion, target: PlacedTarget): Promise<Course> {
  const { server, backup: backupId } = request;
  const { answers, refusal, ...nearest } = await resolveTarget(search, { target, backupId, now });
  const [answer] = answers;
  if (refusal) throw unreachable(server, target, refusal, nearest);
  if (!answer) throw new Error('cannot plan: a target has neither an answer nor a refusal');
  if (answers.length > 1) throw describeBranches(server, target, answers);
  const { path, backup, ...stop } = answer;
  const { position, inclusive } = stop.candidate;
  const number = Math.floor(position / search.picture.state.segmentBytes);
  return {
    target: { type: 'lsn', lsn: lsnFromNumber(position), inclusive },
    path,
    backup: backup.backup,
    reach: reachOf(backup, path, search.picture.state),
    stop,
    lost: stop.lost,
    // The record at the stop may cross into the next segment.
    wal: { first: backup.beginNumber, last: number + 1 },
  };
}

/** Everything that Barman holds on live's own branch. */
function toLatest(search: Search, { request }: CourseQuestion): Course {
  const { picture } = search;
  const path = picture.livePath;
  const backup = path && newestOn(search, path);
  if (!path || !backup) throw noBackupOnPath(request.server, path?.timeline ?? 1);
  const reach = reachOf(backup, path, picture.state);
  const last = Math.max(backup.beginNumber, reach.breaks.number - 1);
  const lost = { transactions: 0, seconds: 0 };
  return {
    target: { type: 'latest' },
    path,
    backup: backup.backup,
    reach,
    stop: null,
    lost,
    wal: { first: backup.beginNumber, last },
  };
}

/** The end of the named backup, or of the newest on live's branch. */
async function toEndOfBackup(search: Search, { request }: CourseQuestion): Promise<Course> {
  const { picture } = search;
  const live = picture.livePath;
  const backup = request.backup === undefined ? live && newestOn(search, live) : picture.usable[0];
  const path = backup && pathIn(picture, backup.timeline);
  if (!backup || !path) throw noBackupOnPath(request.server, live?.timeline ?? 1);
  const { segmentBytes } = picture.state;
  return {
    target: { type: 'immediate' },
    path,
    backup: backup.backup,
    reach: reachOf(backup, path, picture.state),
    stop: null,
    lost: await lostBehind(search, path, backup),
    wal: { first: backup.beginNumber, last: Math.floor((backup.end - 1) / segmentBytes) },
  };
}

/** What an exact reading cannot tell is not claimed. */
async function lostBehind(search: Search, path: TimelinePath, backup: UsableBackup): Promise<Course['lost']> {
  const end = { timeline: backup.timeline, position: backup.end, inclusive: false };
  try {
    return (await lookAround(search, path, end, null)).lost;
  } catch (error) {
    if (error instanceof ProblemError) return null;
    throw error;
  }
}

function newestOn({ picture }: Search, path: TimelinePath): UsableBackup | undefined {
  return picture.usable.find((one) => isOnPath(one, path));
}

function noBackupOnPath(server: string, timeline: number): ProblemError {
  return new ProblemError(
    'target-unreachable',
    `No backup of server ${server} is on the path of timeline ${timeline}`,
    {
      next: 'Make a base backup on the current timeline, or name an older backup with "backup"',
    },
  );
}

function noUsableBackup({ picture }: Search, server: string): ProblemError {
  const { backups, state } = picture;
  const reasons = backups.map((one) => `${one.id}: ${objections(one, state)[0] ?? one.status}`);
  return new ProblemError(
    backups.some((backup) => backup.status === 'DONE') ? 'unsupported-backup' : 'backup-not-found',
    backups.length === 0
      ? `Barman has no backup of server ${server}`
      : `No backup of server ${server} can be restored: ${reasons.slice(0, 10).join('; ')}`,
    { next: `Make one on the Barman host: barman backup --wait ${server}` },
  );
}
