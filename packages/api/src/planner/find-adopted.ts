import type { Result } from '@barback/shared/operations/index.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Reader } from '../db/database.ts';
import { loadRun, type Run } from '../engine/load-run.ts';
import { discardName } from '../scenarios/copy-steps.ts';
import { isPassedOver } from '../scenarios/passed-over.ts';
import type { Course } from './course.ts';
import type { PointInTimePlan } from './plan-document.ts';
import type { PointInTimeRequest } from './plan-request.ts';

/** The copy that a run left, or is about to leave, paused at its target. */
export interface Adopted {
  readonly run: string;
  readonly plan: string;
  readonly backupId: string;
  readonly timeline: number;
  /** Where it is paused. */
  readonly position: number;
}

/** The copy that the request asks to go on from; null when it asks for none. Throws ProblemError when there is none. */
export function findAdopted(reader: Reader, { server, options, backup }: PointInTimeRequest): Adopted | null {
  if (options.adopt === undefined) return null;
  const run = loadRun(reader, options.adopt);
  const { plan, row } = run;
  // Whether a server that the key may not see has such a run is not told.
  if (row.server !== server) throw new ProblemError('not-found', `There is no run ${row.id} of ${server}`);
  if (plan.scenario !== 'point-in-time') throw refused(row.id, `it is a ${plan.scenario}`);
  if (!isPaused(run)) throw refused(row.id, 'its gate inspect neither waits nor was answered with hand-over');
  const target = targetOf(plan);
  if (target?.type !== 'lsn') throw refused(row.id, 'it was not paused at a target');
  if (backup !== undefined && backup !== plan.backup.id) throw refused(row.id, `it is of backup ${plan.backup.id}`);
  const { id: planId, timeline } = plan;
  return { run: row.id, plan: planId, backupId: plan.backup.id, timeline, position: lsnToNumber(target.lsn) };
}

/**
 * Refuses a copy that is gone, and a target that it has passed or that is on another branch: it goes on from where it is, and only on
 * its own path.
 */
export function requireFurther(adopted: Adopted, { scratches }: Result<'host-facts'>, { path, target }: Course): void {
  if (!scratches.some((one) => one.plan === adopted.plan)) {
    throw refused(
      adopted.run,
      'it is not on the host any more: it was adopted by another plan, or deleted after its time',
    );
  }
  if (path.timeline !== adopted.timeline) {
    throw refused(
      adopted.run,
      `it is on the path of timeline ${adopted.timeline}, the target on that of ${path.timeline}`,
    );
  }
  if (target.type === 'latest') return;
  if (target.type === 'lsn' && lsnToNumber(target.lsn) > adopted.position) return;
  throw refused(adopted.run, 'it is paused at or behind that target already, and no recovery goes back');
}

/** The copy is there already, and so is the WAL up to where it is paused. */
export function courseFrom(adopted: Adopted, course: Course, segmentBytes: number): Course {
  const { wal } = course;
  return { ...course, wal: wal && { ...wal, first: Math.max(wal.first, Math.floor(adopted.position / segmentBytes)) } };
}

function isPaused({ plan, attempts, row }: Run): boolean {
  const gate = plan.steps.findIndex(({ action }) => action.on === 'person' && action.handsOver === discardName);
  const waits = attempts.some((one) => one.step === gate && one.outcome === null);
  if (row.state === 'waiting' && waits) return true;
  const copy = plan.steps.findIndex(({ inverse }) => inverse?.name === discardName);
  return attempts.some(
    ({ step, direction, outcome }) =>
      step === copy && direction === 'inverse' && outcome?.is === 'succeeded' && isPassedOver(outcome.result),
  );
}

function targetOf({ steps }: PointInTimePlan): Course['target'] | undefined {
  return steps.flatMap(({ action }) =>
    action.on === 'agent' && action.op === 'scratch-replay' ? [action.params.target] : [],
  )[0];
}

function refused(run: string, why: string): ProblemError {
  return new ProblemError('copy-not-open', `the copy of run ${run} cannot be adopted: ${why}`, {
    next: 'Leave out "adopt": the plan then makes a copy of its own.',
  });
}
