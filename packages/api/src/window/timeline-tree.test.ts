import { describe, expect, test } from 'vitest';
import {
  divergence,
  leadsTo,
  ownBegin,
  ownerOf,
  pathOf,
  timelineAt,
  timelinesOf,
  type TimelinePath,
} from './timeline-tree.ts';

const segmentBytes = 0x1000000;
const history = (timeline: number, ...ancestors: readonly (readonly [number, string])[]) => ({
  timeline,
  ancestors: ancestors.map(([one, switchLsn]) => ({ timeline: one, switchLsn, reason: 'r' })),
});

/** 3 left 2 within segment 6, which had left 1 within segment 4; 4 left 1 within segment 9; 5 left 3 still in segment 6. */
const histories = [
  history(2, [1, '0/4000100']),
  history(3, [1, '0/4000100'], [2, '0/6000100']),
  history(4, [1, '0/9000100']),
  history(5, [1, '0/4000100'], [2, '0/6000100'], [3, '0/6000900']),
];
const facts = { segmentBytes, histories, held: [{ timeline: 7, first: 1, last: 2 }] };

function path(timeline: number): TimelinePath {
  const found = pathOf(facts, timeline);
  if (!found) throw new Error(`timeline ${timeline} has no path`);
  return found;
}

describe('a path along timelines', () => {
  test('reads each segment from the newest timeline that begins in it or before', () => {
    expect([3, 4, 5, 6, 7].map((number) => ownerOf(path(3), number))).toEqual([1, 2, 2, 3, 3]);
    expect([3, 4, 9].map((number) => ownerOf(path(1), number))).toEqual([1, 1, 1]);
    expect([8, 9].map((number) => ownerOf(path(4), number))).toEqual([1, 4]);
  });

  test('passes over a timeline that has no segment of its own on it', () => {
    expect(path(5).stretches.map((one) => one.timeline)).toEqual([1, 2, 5]);
    expect(ownerOf(path(5), 6)).toBe(5);
  });

  test('gives each position to the timeline that wrote it, whatever file it is read from', () => {
    const places = [0x4000000, 0x40000ff, 0x4000100, 0x60000ff, 0x6000100, 0x60008ff, 0x6000900];
    expect(places.map((position) => timelineAt(path(5), position))).toEqual([1, 1, 2, 2, 3, 3, 5]);
  });

  test('is unknown without a history, except for the first timeline', () => {
    expect(pathOf(facts, 7)).toBeUndefined();
    expect(pathOf({ ...facts, histories: [] }, 1)).toMatchObject({ timeline: 1, switches: [] });
    expect(timelinesOf(facts)).toEqual([1, 2, 3, 4, 5, 7]);
  });

  test('is led to by what lies on it, and by what its files repeat', () => {
    const leads = (timeline: number, position: number, to = 3) =>
      leadsTo(path(to), { timeline, position }, segmentBytes);
    expect(leads(1, 0x4000050)).toBe(true);
    expect(leads(1, 0x4000100)).toBe(false);
    expect(leads(2, 0x4000050)).toBe(true);
    expect(leads(2, 0x6000100)).toBe(false);
    expect(leads(4, 0x9000100)).toBe(false);
    expect(leads(1, 0x9000050, 4)).toBe(true);
  });

  test('differs from another behind the point where one of them left', () => {
    const table: readonly (readonly [number, number, number])[] = [
      [1, 2, 0x4000100],
      [2, 3, 0x6000100],
      [1, 3, 0x4000100],
      [3, 4, 0x4000100],
      [3, 5, 0x6000900],
      [4, 2, 0x4000100],
    ];
    for (const [one, other, expected] of table) {
      expect(divergence(path(one), path(other)), `${one} and ${other}`).toBe(expected);
      expect(divergence(path(other), path(one)), `${other} and ${one}`).toBe(expected);
    }
    expect(divergence(path(3), path(3))).toBe(Number.POSITIVE_INFINITY);
    expect([1, 2, 3].map((timeline) => ownBegin(path(timeline)))).toEqual([0, 0x4000100, 0x6000100]);
  });
});
