import { describe, expect, test } from 'vitest';
import type { Range } from '../wal-index/ranges.ts';
import { nothingKnown, type WalState } from '../wal-index/wal-state.ts';
import { holesOf } from './holes.ts';
import { pathOf } from './timeline-tree.ts';
import { reachFrom } from './wal-reach.ts';

const segmentBytes = 0x1000000;
const range = (first: number, last: number, timeline = 1): Range => ({ timeline, first, last });

/** Timeline 2 left 1 within segment 5. */
const histories = [{ timeline: 2, ancestors: [{ timeline: 1, switchLsn: '0/5000100', reason: '' }] }];

function stateOf(more: Partial<WalState>): WalState {
  const complete = more.complete ?? [];
  return { ...nothingKnown, segmentBytes, histories, complete, read: complete, ...more };
}

function reach(more: Partial<WalState>, from: number, timeline = 1) {
  const state = stateOf(more);
  const path = pathOf({ segmentBytes, histories: state.histories, held: [] }, timeline);
  if (!path) throw new Error(`timeline ${timeline} has no path`);
  return reachFrom(state, path, from);
}

const hole = (number: number, readableTo: number | null = null) => ({
  timeline: 1,
  number,
  cause: 'damaged' as const,
  detail: 'for the test',
  readableTo,
  foundAt: 0,
});

describe('WAL reaches', () => {
  test('to the last record that Barman holds', () => {
    const ends = [{ timeline: 1, number: 5, position: 0x5000800, next: null }];
    expect(reach({ complete: [range(1, 5)], ends }, 2)).toEqual({
      position: 0x5000800,
      breaks: { is: 'end', number: 6 },
    });
    expect(reach({ complete: [range(1, 5)] }, 2).position).toBe(0x5ffffff);
    expect(reach({ complete: [range(1, 5)] }, 7)).toEqual({ position: null, breaks: { is: 'end', number: 7 } });
  });

  test('into the file that is still being written', () => {
    const ends = [{ timeline: 1, number: 6, position: 0x6000800, next: null }];
    expect(reach({ complete: [range(1, 5)], partial: [range(6, 6)], ends }, 2)).toMatchObject({
      position: 0x6000800,
      breaks: { is: 'end', number: 7 },
    });
  });

  test('not across segments that are missing, and tells how many', () => {
    expect(reach({ complete: [range(1, 3), range(6, 9)] }, 2)).toEqual({
      position: 0x3ffffff,
      breaks: { is: 'missing', timeline: 1, number: 4, last: 5 },
    });
    expect(reach({ complete: [range(1, 3), range(6, 9)] }, 7).breaks).toEqual({ is: 'end', number: 10 });
  });

  test('not behind an unfinished file that something follows', () => {
    const more = { complete: [range(1, 3), range(5, 9)], partial: [range(4, 4)] };
    const breaks = { is: 'missing', number: 4, last: 4 };
    expect(reach(more, 2)).toMatchObject({ position: 0x3ffffff, breaks });
    // How full it is shows only while its end is known.
    const ends = [{ timeline: 1, number: 4, position: 0x4000800, next: null }];
    expect(reach({ ...more, ends }, 2)).toMatchObject({ position: 0x4000800, breaks });
  });

  test('into a file that is complete and not read as such, as far as it was read while it was unfinished', () => {
    const state = { complete: [range(1, 5)], read: [range(1, 4)] };
    const breaks = { is: 'unread', timeline: 1, number: 5 };
    expect(reach(state, 2)).toEqual({ position: 0x4ffffff, breaks });
    const ends = [{ timeline: 1, number: 5, position: 0x5000800, next: null }];
    expect(reach({ ...state, ends }, 2)).toEqual({ position: 0x5000800, breaks });
  });

  test('not across a damaged segment, but as far into it as it could be read', () => {
    const complete = [range(1, 9)];
    const read = [range(1, 3), range(5, 9)];
    expect(reach({ complete, read, holes: [hole(4)] }, 2)).toMatchObject({
      position: 0x3ffffff,
      breaks: { is: 'unreadable', number: 4 },
    });
    expect(reach({ complete, read, holes: [hole(4, 0x4000800)] }, 2).position).toBe(0x4000800);
    expect(reach({ complete, read: complete, holes: [hole(4)] }, 2).breaks).toMatchObject({ number: 4 });
    expect(reach({ complete, read, holes: [hole(4)] }, 5).breaks).toEqual({ is: 'end', number: 10 });
  });

  test('not into what was not read yet', () => {
    expect(reach({ complete: [range(1, 9)], read: [range(1, 3)] }, 2)).toMatchObject({
      position: 0x3ffffff,
      breaks: { is: 'unread', number: 4 },
    });
  });

  test('from one timeline into the next, and never along the files that the path has left', () => {
    const complete = [range(1, 9), range(5, 7, 2)];
    expect(reach({ complete }, 2, 2)).toMatchObject({ breaks: { is: 'end', number: 8 } });
    expect(reach({ complete: [range(1, 9), range(6, 7, 2)] }, 2, 2)).toMatchObject({
      breaks: { is: 'missing', timeline: 2, number: 5, last: 5 },
    });
    expect(reach({ complete: [range(1, 9)] }, 2, 2).breaks).toEqual({ is: 'end', number: 5 });
  });
});

describe('the holes of an archive', () => {
  const told = (more: Partial<WalState>) =>
    holesOf(stateOf(more)).map(({ timeline, first, last, cause }) => [timeline, first, last, cause]);

  test('are what is missing between, not what was deleted before or is not written yet', () => {
    expect(told({ complete: [range(3, 5), range(8, 9)], partial: [range(10, 10)], histories: [] })).toEqual([
      [1, 6, 7, 'missing'],
    ]);
    expect(told({ complete: [range(3, 5)], partial: [range(6, 6)], histories: [] })).toEqual([]);
    expect(told({ complete: [range(3, 5)], partial: [range(8, 8)], histories: [] })).toEqual([[1, 6, 7, 'missing']]);
  });

  test('are told on the timeline whose file is missing', () => {
    expect(told({ complete: [range(1, 3), range(6, 7, 2)] })).toEqual([
      [1, 4, 4, 'missing'],
      [2, 5, 5, 'missing'],
    ]);
  });

  test('are damaged segments, with the words of whoever read them', () => {
    expect(told({ complete: [range(1, 5)], holes: [hole(3)], histories: [] })).toEqual([[1, 3, 3, 'damaged']]);
    expect(holesOf(stateOf({ complete: [range(1, 5)], holes: [hole(3)] }))[0]?.detail).toBe('for the test');
  });

  test('are timelines that come from nobody knows where', () => {
    const unreadableHistories = [{ timeline: 8, reason: 'it cannot be read' }];
    const more = { complete: [range(1, 3), range(4, 6, 7), range(9, 9, 8)], unreadableHistories };
    expect(told(more)).toEqual([
      [7, 4, 6, 'history-missing'],
      [8, 9, 9, 'history-missing'],
    ]);
    const details = holesOf(stateOf(more)).map((one) => one.detail);
    expect(details).toEqual([expect.stringContaining('00000007.history'), 'it cannot be read']);
  });
});
