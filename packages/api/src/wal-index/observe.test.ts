import type { Result } from '@barback/shared/operations/index.ts';
import { describe, expect, test } from 'vitest';
import { observe } from './observe.ts';
import type { Range } from './ranges.ts';
import { nameOfSegment } from './segment-range.ts';
import { nothingKnown, type WalState } from './wal-state.ts';

type Facts = Result<'wal-facts'>;

const segmentBytes = 16 * 1024 * 1024;
const noon = 1_795_348_800_000_000;
const range = (first: number, last: number, timeline = 1): Range => ({ timeline, first, last });

function run(
  { timeline, first, last }: Range,
  place: Facts['runs'][number]['place'] = 'archived',
): Facts['runs'][number] {
  const name = (number: number) => nameOfSegment(timeline, number, segmentBytes);
  return { timeline, first: name(first), last: name(last), place };
}

function facts(more: Partial<Facts>): Facts {
  return {
    time: noon,
    segmentBytes,
    histories: [],
    unreadableHistories: [],
    runs: [],
    oddFiles: [],
    partialFiles: [],
    changed: null,
    catalogue: '1',
    live: null,
    ...more,
  };
}

const hole = (number: number) => ({
  timeline: 1,
  number,
  cause: 'damaged' as const,
  detail: '',
  readableTo: null,
  foundAt: 0,
});

const end = (number: number) => ({ timeline: 1, number, position: number * segmentBytes, next: null });

const known: WalState = {
  ...nothingKnown,
  segmentBytes,
  systemIdentifier: '7',
  complete: [range(1, 9)],
  read: [range(1, 9)],
  ends: [end(9)],
  liveTimeline: 1,
  sweptTo: 5,
};

const changed = (...numbers: readonly number[]): Facts['changed'] =>
  numbers.map((number) => ({
    segment: nameOfSegment(1, number, segmentBytes),
    bytes: segmentBytes,
    modifiedAt: noon,
    inode: '1',
  }));

describe('a look at Barman', () => {
  test('tells what it holds: what waits counts as complete, what is being written does not', () => {
    const runs = [run(range(1, 5)), run(range(6, 7), 'waiting'), run(range(8, 8), 'partial')];
    const { state, reset } = observe(nothingKnown, facts({ runs }), () => false);
    expect(state).toMatchObject({ segmentBytes, complete: [range(1, 7)], partial: [range(8, 8)], read: [] });
    expect(reset).toBeNull();
  });

  test('forgets that it has read what Barman does not hold any more', () => {
    const { state } = observe(known, facts({ runs: [run(range(4, 6)), run(range(8, 9))] }), () => false);
    expect(state.read).toEqual([range(4, 6), range(8, 9)]);
  });

  test('forgets nothing because of an archive that seems empty', () => {
    const { state } = observe(known, facts({}), () => false);
    expect(state).toMatchObject({ complete: [], read: [range(1, 9)] });
  });

  test('reads again what changed under its name, and only that', () => {
    const runs = [run(range(1, 9))];
    const { state } = observe(known, facts({ runs, changed: changed(3, 5) }), (file) => file.segment.endsWith('5'));
    expect(state.read).toEqual([range(1, 4), range(6, 9)]);
    expect(state.sweptTo).toBe(noon);
    expect(observe(known, facts({ runs }), () => true).state).toMatchObject({ read: [range(1, 9)], sweptTo: 5 });
  });

  test('keeps a hole while its file is the same one', () => {
    const before = { ...known, read: [range(1, 2), range(4, 9)], holes: [hole(3)] };
    const holes = (more: Partial<Facts>, differs = false) =>
      observe(before, facts({ runs: [run(range(1, 9))], ...more }), () => differs).state.holes.map((one) => one.number);
    expect(holes({})).toEqual([3]);
    expect(holes({ changed: changed(3) })).toEqual([3]);
    expect(holes({ changed: changed(3) }, true)).toEqual([]);
    // Then it is missing.
    expect(holes({ runs: [run(range(1, 2)), run(range(4, 9))] })).toEqual([]);
  });

  test('keeps the end of a timeline while the file in which it ends is there', () => {
    const ends = (runs: Facts['runs']) => observe(known, facts({ runs }), () => false).state.ends;
    expect(ends([run(range(1, 9))])).toEqual([end(9)]);
    expect(ends([run(range(1, 8)), run(range(9, 9), 'partial')])).toEqual([end(9)]);
    expect(ends([run(range(1, 8))])).toEqual([]);
  });

  test('remembers on which timeline live was while it does not answer', () => {
    const live = { timeline: 2, lsn: '0/9000000', inRecovery: false, slots: [] };
    const { state } = observe(known, facts({ live }), () => false);
    expect(state).toMatchObject({ live, liveTimeline: 2 });
    expect(observe(state, facts({}), () => false).state).toMatchObject({ live: null, liveTimeline: 2 });
  });

  test('forgets everything when segments have another size: it is another cluster', () => {
    const { state, reset } = observe(
      { ...known, holes: [hole(3)] },
      facts({ segmentBytes: 2 * segmentBytes }),
      () => false,
    );
    expect(reset).toBe('segments are 33554432 bytes instead of 16777216');
    expect(state).toMatchObject({ systemIdentifier: null, read: [], holes: [], ends: [], sweptTo: null });
  });

  test('is refused when the agent names what is no segment', () => {
    const runs = [{ timeline: 1, first: 'x', last: 'x', place: 'archived' as const }];
    expect(() => observe(known, facts({ runs }), () => false)).toThrow('cannot use the answer of the agent');
  });
});
