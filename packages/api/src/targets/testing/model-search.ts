import type { Backup } from '@barback/shared/operations/backup.ts';
import type { WalEnd, WalPoint, WalSegmentSummary } from '@barback/shared/operations/wal-index.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Database } from '../../db/database.ts';
import { write } from '../../db/write.ts';
import { merged } from '../../wal-index/ranges.ts';
import { nameOfSegment } from '../../wal-index/segment-range.ts';
import { storeSegments } from '../../wal-index/store-segments.ts';
import { walIndexReader } from '../../wal-index/wal-index-reader.ts';
import { nothingKnown, type WalState } from '../../wal-index/wal-state.ts';
import type { ExactEnd, ExactReader } from '../../window/index-reader.ts';
import { pictureOf } from '../../window/wal-picture.ts';
import type { Search } from '../search.ts';
import {
  ancestry,
  filesOf,
  isLost,
  numberAt,
  recordsInFile,
  segmentBytes,
  timelineOf,
  type ModelBackup,
  type PlacedRecord,
  type WalModel,
} from './wal-model.ts';

export const systemIdentifier = '7000000000000000001';

/** What Barback knows of a model after it has read all of it: in the database, as one more server. */
export function searchIn(database: Database, server: string, model: WalModel): Search {
  const state = stateOf(model);
  write(database, (tx) => {
    for (const { timeline, number } of heldFiles(model)) {
      const segments = [summaryOf(model, timeline, number)];
      const held = isUnfinished(model, timeline, number) ? 'partial' : 'complete';
      storeSegments(tx, { server, segmentBytes, held, segments, carry: null });
    }
  });
  return {
    picture: pictureOf(state, model.backups.map(backupOf)),
    index: walIndexReader(database.orm, server),
    exact: exactReaderOf(model),
  };
}

export function heldFiles(model: WalModel): { timeline: number; number: number }[] {
  return model.timelines.flatMap((one) => {
    const { first, last } = filesOf(one);
    const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    return numbers
      .filter((number) => !isLost(model, one.timeline, number))
      .map((number) => ({ timeline: one.timeline, number }));
  });
}

/** Live still writes into its last one. */
function isUnfinished(model: WalModel, timeline: number, number: number): boolean {
  return timeline === model.live && number === filesOf(timelineOf(model, timeline)).last;
}

function stateOf(model: WalModel): WalState {
  const files = heldFiles(model).map(({ timeline, number }) => ({ timeline, first: number, last: number }));
  const isPartial = (one: { timeline: number; first: number }) => isUnfinished(model, one.timeline, one.first);
  const damaged = model.lost.filter((one) => one.how === 'damaged');
  const read = merged(files.filter((one) => !isPartial(one)));
  return {
    ...nothingKnown,
    segmentBytes,
    systemIdentifier,
    histories: model.timelines.filter((one) => one.parent !== null).map(({ timeline }) => historyOf(model, timeline)),
    complete: merged([...read, ...damaged.map((one) => ({ ...one, first: one.number, last: one.number }))]),
    partial: files.filter(isPartial),
    read,
    holes: damaged.map(({ timeline, number }) => ({
      timeline,
      number,
      cause: 'damaged' as const,
      detail: 'for the test',
      readableTo: null,
      foundAt: 0,
    })),
    ends: model.timelines.map((one) => {
      const position = one.records.at(-1)?.position ?? one.from;
      return { timeline: one.timeline, number: numberAt(position), position, next: position + 64 };
    }),
    liveTimeline: model.live,
  };
}

export function historyOf(model: WalModel, timeline: number): WalState['histories'][number] {
  const way = ancestry(model, timeline);
  const ancestors = way.slice(0, -1).map((one, index) => ({
    timeline: one.timeline,
    switchLsn: lsnFromNumber(way[index + 1]?.from ?? 0),
    reason: 'no recovery target specified',
  }));
  return { timeline, ancestors };
}

function backupOf(backup: ModelBackup): Backup {
  const { id, timeline, begin, end, beginTime, endTime } = backup;
  return {
    id,
    status: 'DONE',
    beginTime,
    endTime,
    timeline,
    beginLsn: lsnFromNumber(begin),
    endLsn: lsnFromNumber(end),
    beginWal: nameOfSegment(timeline, numberAt(begin), segmentBytes),
    endWal: nameOfSegment(timeline, numberAt(end - 1), segmentBytes),
    sizeBytes: 1,
    postgresVersionNum: 150_020,
    tablespaces: [],
    retention: '-',
    manifest: 'present',
    systemIdentifier,
    unsupportedReasons: [],
  };
}

const isEnd = (one: PlacedRecord) => one.kind === 'commit' || one.kind === 'abort';
const told = (one: PlacedRecord): WalEnd => ({ xid: one.xid, lsn: lsnFromNumber(one.position), time: one.time });

/** As the agent reduces the file. */
export function summaryOf(model: WalModel, timeline: number, number: number): WalSegmentSummary {
  const records = recordsInFile(model, timeline, number);
  const ends = records.filter(isEnd);
  const commits = ends.filter((one) => one.kind === 'commit');
  const [first, last] = [commits[0], commits.at(-1)];
  const most = (pick: (...all: number[]) => number, values: readonly number[]) =>
    values.length === 0 ? null : pick(...values);
  return {
    segment: nameOfSegment(timeline, number, segmentBytes),
    commits: commits.length,
    aborts: ends.length - commits.length,
    firstCommit: first ? told(first) : null,
    lastCommit: last ? told(last) : null,
    earliest: most(
      Math.min,
      commits.map((one) => one.time),
    ),
    latest: most(
      Math.max,
      commits.map((one) => one.time),
    ),
    latestEnd: most(
      Math.max,
      ends.map((one) => one.time),
    ),
    xidMin: most(
      Math.min,
      ends.map((one) => one.xid),
    ),
    xidMax: most(
      Math.max,
      ends.map((one) => one.xid),
    ),
    commitsByTime: [],
    points: records.flatMap((one) => pointOf(one, ancestry(model, timeline).at(-2)?.timeline ?? 0)),
    transactions: [],
    omitted: { transactions: 0, rowsMax: 0 },
    schemaChanges: 0,
    file: { bytes: segmentBytes, modifiedAt: 0, inode: `${timeline}/${number}` },
  };
}

function pointOf({ kind, position, name, time, timeline }: PlacedRecord, parent: number): WalPoint[] {
  const lsn = lsnFromNumber(position);
  if (kind === 'restore-point') return [{ is: 'restore-point', lsn, name }];
  return kind === 'promotion' ? [{ is: 'end-of-recovery', lsn, timeline, from: parent, time }] : [];
}

/** As the agent reads single files. */
function exactReaderOf(model: WalModel): ExactReader {
  const held = (timeline: number, number: number): boolean => {
    const { first, last } = filesOf(timelineOf(model, timeline));
    return first <= number && number <= last && !isLost(model, timeline, number);
  };
  return {
    async ends(timeline, number) {
      if (!held(timeline, number)) throw new ProblemError('wal-missing', `segment ${number} of ${timeline} is missing`);
      return recordsInFile(model, timeline, number)
        .filter(isEnd)
        .map(({ kind, xid, position, time }): ExactEnd => {
          return { kind: kind === 'abort' ? 'abort' : 'commit', xid, position, time };
        });
    },
    async recordAt(timeline, position) {
      const number = numberAt(position);
      if (!held(timeline, number)) throw new ProblemError('wal-missing', `segment ${number} of ${timeline} is missing`);
      const next = held(timeline, number + 1) ? recordsInFile(model, timeline, number + 1) : [];
      const records = [...recordsInFile(model, timeline, number), ...next];
      return records.find((one) => one.position >= position)?.position ?? null;
    },
  };
}
