import type { Result } from '@barback/shared/operations/index.ts';
import { describe, expect, test } from 'vitest';
import { afterRead, afterTail } from './after-read.ts';
import { nameOfSegment } from './segment-range.ts';
import { nothingKnown, type WalState } from './wal-state.ts';

type ReadResult = Result<'wal-index'>;

const segmentBytes = 16 * 1024 * 1024;
const name = (number: number, timeline = 1) => nameOfSegment(timeline, number, segmentBytes);
const lsn = (number: number, offset = 0x100) => `0/${(number * segmentBytes + offset).toString(16).toUpperCase()}`;
const now = 1_795_348_800_000_000;

const known: WalState = { ...nothingKnown, segmentBytes, systemIdentifier: '7', namesStale: false };

function segment(number: number, schemaChanges = 0): ReadResult['segments'][number] {
  return {
    segment: name(number),
    commits: 1,
    aborts: 0,
    firstCommit: null,
    lastCommit: null,
    earliest: null,
    latest: null,
    latestEnd: null,
    xidMin: null,
    xidMax: null,
    commitsByTime: [],
    points: [],
    transactions: [],
    omitted: { transactions: 0, rowsMax: 0 },
    schemaChanges,
    file: { bytes: segmentBytes, modifiedAt: 0, inode: '1' },
  };
}

function result(numbers: readonly number[], more: Partial<ReadResult> = {}): ReadResult {
  const carry = { lsn: lsn(numbers.at(-1) ?? 0), open: [], unseenUpTo: null };
  const base = { segments: numbers.map((number) => segment(number)), carry, end: 'complete' as const, fault: null };
  return { ...base, openAt: null, systemIdentifier: '7', ...more };
}

const fault = (number: number, cause: NonNullable<ReadResult['fault']>['cause'] = 'damaged') => ({
  end: 'fault' as const,
  fault: { segment: name(number), cause, detail: 'for the test' },
});

describe('segments that were read', () => {
  test('are known, and WAL ends where the next one begins', () => {
    const after = afterRead({ ...known, read: [{ timeline: 1, first: 1, last: 3 }] }, result([4, 5]), now);
    expect(after.read).toEqual([{ timeline: 1, first: 1, last: 5 }]);
    expect(after.ends).toEqual([
      { timeline: 1, number: 5, position: 5 * segmentBytes + 0x100, next: 6 * segmentBytes },
    ]);
    expect(after).toMatchObject({ holes: [], namesStale: false });
  });

  test('make names stale when one of them changed the schema', () => {
    expect(afterRead(known, { ...result([4]), segments: [segment(4, 1)] }, now).namesStale).toBe(true);
  });

  test('never move the end back', () => {
    const ends = [{ timeline: 1, number: 9, position: 9 * segmentBytes, next: null }];
    expect(afterRead({ ...known, ends }, result([4, 5]), now).ends).toEqual(ends);
    expect(afterRead({ ...known, ends }, result([8, 9]), now).ends).toMatchObject([
      { number: 9, next: 10 * segmentBytes },
    ]);
  });

  test('up to a fault leave a hole there, with how far it could be read', () => {
    const after = afterRead(
      known,
      result([4, 5, 6], { ...fault(6), carry: { lsn: lsn(6, 0x900), open: [], unseenUpTo: null } }),
      now,
    );
    expect(after.read).toEqual([{ timeline: 1, first: 4, last: 5 }]);
    expect(after.holes).toEqual([
      {
        timeline: 1,
        number: 6,
        cause: 'damaged',
        detail: 'for the test',
        readableTo: 6 * segmentBytes + 0x900,
        foundAt: now,
      },
    ]);
  });

  test('close the hole that was where they are, and only that', () => {
    const holes = [5, 7].map((number) => ({
      timeline: 1,
      number,
      cause: 'truncated' as const,
      detail: '',
      readableTo: null,
      foundAt: 0,
    }));
    expect(afterRead({ ...known, holes }, result([4, 5]), now).holes.map((one) => one.number)).toEqual([7]);
    const again = afterRead({ ...known, holes }, result([], { ...fault(5), carry: null }), now).holes;
    expect(again.map((one) => [one.number, one.cause])).toEqual([
      [7, 'truncated'],
      [5, 'damaged'],
    ]);
  });

  test('that vanished leave no hole: the next listing tells', () => {
    expect(afterRead(known, result([4], fault(5, 'missing')), now).holes).toEqual([]);
  });

  test('of another cluster are holes, none of them read', () => {
    const after = afterRead(known, result([4, 5], { systemIdentifier: '8' }), now);
    expect(after).toMatchObject({ read: [], ends: [], systemIdentifier: '7' });
    expect(after.holes.map((one) => [one.number, one.cause])).toEqual([
      [4, 'foreign'],
      [5, 'foreign'],
    ]);
    expect(after.holes[0]?.detail).toContain('written by the cluster 8, the WAL around it by 7');
  });

  test('tell which cluster it is, the first time', () => {
    expect(afterRead({ ...known, systemIdentifier: null }, result([4]), now).systemIdentifier).toBe('7');
    expect(afterRead(known, result([], { systemIdentifier: null, carry: null }), now)).toEqual(known);
  });
});

describe('the file in which WAL ends for now', () => {
  test('tells where the next record will begin, when the agent knows', () => {
    const open = { end: 'open' as const, openAt: lsn(5, 0x140) };
    expect(afterTail(known, result([5], open)).ends).toMatchObject([{ number: 5, next: 5 * segmentBytes + 0x140 }]);
    expect(afterTail(known, result([5], { end: 'open' })).ends).toMatchObject([{ number: 5, next: null }]);
    expect(afterTail(known, result([5], open)).read).toEqual([]);
  });

  test('changes nothing when it is empty, or of another cluster', () => {
    expect(afterTail(known, result([], { carry: null }))).toBe(known);
    expect(afterTail(known, result([5], { systemIdentifier: '8' }))).toBe(known);
  });
});
