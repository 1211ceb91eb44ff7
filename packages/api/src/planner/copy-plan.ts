import { replayedWalBytesMax } from '@barback/shared/operations/room.ts';
import { scenarios } from '../scenarios/index.ts';
import type { PlanBasis } from '../scenarios/plan-basis.ts';
import type { Step } from '../scenarios/step.ts';
import { stopView } from '../targets/stop-view.ts';
import { coordinatesOf, isConsistent } from '../window/usable-backups.ts';
import type { WalPicture } from '../window/wal-picture.ts';
import { basisOf } from './basis-of.ts';
import type { Course } from './course.ts';
import { findingsOf } from './findings/index.ts';
import type { Gathered } from './gather.ts';
import type { Finding } from './plan-document.ts';
import { deletesLive, planFrame, type FrameInput } from './plan-frame.ts';
import { clusterBytesOf } from './protection-of.ts';
import type { DrillRequest, ExtractRequest, PointInTimeRequest } from './plan-request.ts';
import { predictSteps, predictWhole, type Measure, type StepToPredict } from './predict.ts';
import type { ReplayedWal } from './replayed-wal.ts';

/** Whatever becomes of the copy. */
export type CopyRequest = DrillRequest | PointInTimeRequest | ExtractRequest;

export interface CopyPlanInput extends FrameInput {
  readonly request: CopyRequest;
  readonly gathered: Gathered;
  readonly picture: WalPicture;
  readonly course: Course;
  readonly replayed: ReplayedWal;
  /** Of the backup; null when they were not counted. */
  readonly scratchFiles: number | null;
  /** Whether the backup has been copied by another plan. */
  readonly copied?: boolean;
}

/** What a plan says that restores a backup to a target, whatever becomes of the copy. Pure. */
export function copyPlan(input: CopyPlanInput, steps: readonly Step[]) {
  const { request, gathered, picture, course } = input;
  const { host } = gathered;
  const { backup, path } = course;
  const scenario = scenarios[request.scenario];
  const stop = course.stop && stopView({ ...course.stop, path }, picture);
  const needs = bytesNeeded(course, picture.state.segmentBytes, input.copied === true);
  return {
    ...planFrame(input, request, host),
    target: request.target,
    timeline: path.timeline,
    backup,
    stop,
    findings: findings(input, needs, stop?.abandoned ?? false),
    predictions: {
      ...needs,
      ...predict(steps, needs, input.measures),
      outageSeconds: 0,
      lost: course.lost,
      undo: deletesLive(request) ? undoInPlace : scenario.undo,
    },
    postgresVersionNum: backup.postgresVersionNum ?? host.live?.versionNum ?? null,
    basis: basisOfCopy(input),
    steps,
  };
}

export function basisOfCopy({ gathered, course, picture }: CopyPlanInput): PlanBasis {
  return basisOf(gathered, course, picture.state.segmentBytes);
}

const undoInPlace =
  'there is none: live is deleted before the copy is made. What it had until then stays in Barman (the restore point of the run and the WAL that it saves), and is had back by another plan';

interface Needs {
  readonly scratchBytes: number;
  readonly walBytes: number | null;
}

function bytesNeeded({ backup, wal }: Course, segmentBytes: number, copied: boolean): Needs {
  return {
    scratchBytes: copied ? 0 : (backup.sizeBytes ?? 0),
    walBytes: wal && (wal.last - wal.first + 1) * segmentBytes,
  };
}

/** Of the copy, the WAL that is copied beside it, and what of that PostgreSQL keeps in its pg_wal while it replays. */
export function copyBytes({ course, picture, copied }: CopyPlanInput): number {
  const { scratchBytes, walBytes } = bytesNeeded(course, picture.state.segmentBytes, copied === true);
  return scratchBytes + (walBytes ?? 0) + Math.min(walBytes ?? 0, replayedWalBytesMax);
}

function findings(input: CopyPlanInput, needs: Needs, abandoned: boolean): readonly Finding[] {
  const { request, gathered, picture, course } = input;
  const { host } = gathered;
  const { systemIdentifier, segmentBytes } = picture.state;
  const { backup, target, reach } = course;
  return findingsOf({
    server: request.server,
    touches: scenarios[request.scenario].touches,
    host,
    segmentBytes,
    backup,
    target,
    ...needs,
    abandoned,
    replayed: input.replayed,
    scratchFiles: input.scratchFiles,
    clock: gathered.clock,
    asksForTime: request.target.type === 'time',
    reach,
    isConsistent: isWhole(course, segmentBytes),
    walSystemIdentifier: systemIdentifier,
    probes: host.probes.length + ('probes' in request.options ? request.options.probes.length : 0),
    activeRun: input.activeRun,
    freedBytes: deletesLive(request) ? (clusterBytesOf(host) ?? 0) : 0,
    earlierSystemIdentifier: input.earlierSystemIdentifier,
  });
}

function predict(steps: readonly Step[], needs: Needs, measures: readonly Measure[]) {
  const predicted = predictSteps(
    steps.map((step) => toPredict(step.name, needs)),
    measures,
  );
  return { seconds: predictWhole(predicted), steps: predicted };
}

/** Steps whose time grows with an amount, and with which. */
function toPredict(step: string, bytes: Needs): StepToPredict {
  switch (step) {
    case 'recover':
      return { step, bytes: bytes.scratchBytes + (bytes.walBytes ?? 0) };
    case 'verify-manifest':
      return { step, bytes: bytes.scratchBytes };
    case 'replay':
      return { step, bytes: bytes.walBytes };
    default:
      return { step, bytes: null };
  }
}

function isWhole({ backup, reach }: Course, segmentBytes: number): boolean {
  const coordinates = coordinatesOf(backup, segmentBytes);
  return reach === null || coordinates === undefined || isConsistent(coordinates, reach.breaks, { segmentBytes });
}
