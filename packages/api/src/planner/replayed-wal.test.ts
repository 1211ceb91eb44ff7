import type { WalPoint } from '@barback/shared/operations/wal-index.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { expect, test } from 'vitest';
import type { Search } from '../targets/search.ts';
import type { ExactEnd, PlacedPoint } from '../window/index-reader.ts';
import type { TimelinePath } from '../window/timeline-tree.ts';
import type { Course } from './course.ts';
import { replayedWal } from './replayed-wal.ts';
import { backup, noon, picture, segmentBytes } from './testing/facts.ts';

/** Timeline 2 left timeline 1 in the middle of segment 5. */
const fork = 5 * segmentBytes + 0x8000;
const path: TimelinePath = {
  timeline: 2,
  stretches: [
    { timeline: 1, first: 0, last: 4 },
    { timeline: 2, first: 5, last: null },
  ],
  switches: [{ timeline: 1, position: fork, reason: '' }],
};

function course(target: Course['target']): Course {
  const wal = { first: 2, last: 9 };
  return { target, path, backup: backup(), reach: null, stop: null, lost: null, wal };
}

function created(timeline: number, position: number): PlacedPoint {
  return { timeline, position, point: { is: 'tablespace-created', lsn: lsnFromNumber(position), oid: 1, path: '/t' } };
}

function parameters(position: number, level: string): PlacedPoint {
  const point: WalPoint = { is: 'parameters', lsn: lsnFromNumber(position), settings: { wal_level: level } };
  return { timeline: 1, position, point };
}

/** An index that answers from a list, as the one in the database does, and WAL with the given ends. */
function search(points: readonly PlacedPoint[], ends: readonly ExactEnd[] = []): Search {
  const inSpan: Search['index']['points'] = (kind, span) =>
    points.filter(({ timeline, position, point }) => {
      const number = Math.floor(position / segmentBytes);
      const isInside =
        span === null ||
        (timeline === span.timeline && number >= span.first && (span.last === null || number <= span.last));
      return point.is === kind && isInside;
    });
  const index = { points: inSpan } as Partial<Search['index']> as Search['index'];
  return { picture: picture(), index, exact: { ends: async () => ends, recordAt: async () => null } };
}

async function positionsOf(target: Course['target'], ...points: readonly PlacedPoint[]): Promise<string[]> {
  return (await replayedWal(search(points), course(target))).tablespaces.map((one) => one.lsn);
}

test('what lies before the begin of the backup, on another branch or behind the stop is not replayed', async () => {
  const [begin, end] = [2 * segmentBytes + 0x28, 2 * segmentBytes + 0x138];
  const before = created(1, begin - 8);
  const inside = created(1, end - 8);
  const behind = created(1, end);
  const inFork = created(2, fork - 8);
  const abandoned = created(1, 6 * segmentBytes);
  const last = created(2, 7 * segmentBytes);
  const all = [before, inside, behind, inFork, abandoned, last];
  const lsn = (one: PlacedPoint) => lsnFromNumber(one.position);
  expect(await positionsOf({ type: 'latest' }, ...all)).toEqual([inside, behind, inFork, last].map(lsn));
  expect(await positionsOf({ type: 'immediate' }, ...all)).toEqual([lsn(inside)]);
  const at = { type: 'lsn', lsn: lsn(inFork) } as const;
  expect(await positionsOf({ ...at, inclusive: false }, ...all)).toEqual([inside, behind].map(lsn));
  expect(await positionsOf({ ...at, inclusive: true }, ...all)).toEqual([inside, behind, inFork].map(lsn));
});

test('a record without a time is told with the next end of a transaction behind it', async () => {
  const position = 3 * segmentBytes;
  const end = (at: number, time: number): ExactEnd => ({ kind: 'commit', xid: 1, position: at, time });
  const ends = [end(position - 8, noon), end(position + 8, noon + 1), end(position + 16, noon + 2)];
  const replayed = await replayedWal(search([created(1, position)], ends), course({ type: 'latest' }));
  expect(replayed.tablespaces).toEqual([{ lsn: lsnFromNumber(position), path: '/t', nextEnd: noon + 1 }]);
});

test('of changed parameters only wal_level=minimal stops a recovery', async () => {
  const points = [parameters(3 * segmentBytes, 'replica'), parameters(4 * segmentBytes, 'minimal')];
  const { minimal } = await replayedWal(search(points), course({ type: 'latest' }));
  expect(minimal.map((one) => one.lsn)).toEqual([lsnFromNumber(4 * segmentBytes)]);
});
