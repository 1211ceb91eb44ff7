import type { Measure } from '../planner/predict.ts';
import { predictSteps, predictWhole } from '../planner/predict.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { isOnPath } from '../window/usable-backups.ts';
import type { WalPicture } from '../window/wal-picture.ts';

export interface Predicted {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What a restore of everything that there is would do now. */
export interface RestoreNow {
  readonly backup: string;
  readonly copyBytes: number;
  readonly replayBytes: number;
  /** Copy, start, replay and promotion; null below three drills. */
  readonly seconds: Predicted | null;
  readonly copySeconds: Predicted | null;
  readonly replaySeconds: Predicted | null;
}

/** Of the newest backup that leads to live; null while there is none. Pure. */
export function restoreNow({ state, usable, livePath }: WalPicture, measures: readonly Measure[]): RestoreNow | null {
  const newest = livePath && usable.find((one) => isOnPath(one, livePath));
  if (!newest) return null;
  const end = state.live === null ? endOf(state, livePath.timeline) : lsnToNumber(state.live.lsn);
  const begin = newest.beginNumber * state.segmentBytes;
  const replayBytes = Math.max(0, (end ?? newest.end) - begin);
  const copyBytes = (newest.backup.sizeBytes ?? 0) + Math.ceil(replayBytes / state.segmentBytes) * state.segmentBytes;
  const steps = predictSteps(
    [
      { step: 'recover', bytes: copyBytes },
      { step: 'start', bytes: null },
      { step: 'replay', bytes: replayBytes },
      { step: 'promote', bytes: null },
    ],
    measures,
  );
  const of = (name: string): Predicted | null => steps.find(({ step }) => step === name)?.seconds ?? null;
  return {
    backup: newest.backup.id,
    copyBytes,
    replayBytes,
    seconds: predictWhole(steps),
    copySeconds: of('recover'),
    replaySeconds: of('replay'),
  };
}

function endOf({ ends }: WalPicture['state'], timeline: number): number | undefined {
  return ends.find((one) => one.timeline === timeline)?.position;
}
