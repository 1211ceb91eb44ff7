import { histogramSeconds } from '@barback/shared/operations/wal-index.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SegmentSummary, type End } from './segment-summary.ts';
import { Work } from './wal-work.ts';

const noon = 1_795_348_800_000_000;
const kept = 32;

const endOf = (index: number, time = noon + index): End => ({
  xid: 700 + index,
  position: 0x1000000 + index * 8,
  time,
});

function rows(deleted: number, updated = 0): Work {
  const work = new Work();
  if (deleted > 0) work.addRow('1663/5/16385', 'deleted', deleted);
  if (updated > 0) work.addRow('1663/5/16385', 'updated', updated);
  return work;
}

function dropping(): Work {
  const work = new Work();
  work.addObject('dropped', { database: 5, oid: 16_385 });
  return work;
}

const sizes = (summary: SegmentSummary) =>
  summary.facts().transactions.map(({ work }) => work.rows.reduce((sum, one) => sum + one.deleted + one.updated, 0));

describe('of many transactions that changed rows', () => {
  test('the largest are kept, and what is said of the others bounds them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 200 }), (counts) => {
        const summary = new SegmentSummary();
        for (const [index, count] of counts.entries()) summary.addCommit(endOf(index), rows(count));
        const sorted = counts.toSorted((a, b) => b - a);
        expect(sizes(summary)).toEqual(sorted.slice(0, kept));
        const left = sorted.slice(kept);
        expect(summary.facts().omitted).toEqual({ transactions: left.length, rowsMax: left[0] ?? 0 });
      }),
      { numRuns: 100 },
    );
  });

  test('one that updated a single row is not worth a line, one that deleted a single row is', () => {
    const summary = new SegmentSummary();
    summary.addCommit(endOf(0), rows(0, 1));
    summary.addCommit(endOf(1), rows(0, 2));
    summary.addCommit(endOf(2), rows(1));
    expect(summary.facts().transactions.map((one) => one.xid)).toEqual([701, 702]);
    expect(summary.facts()).toMatchObject({ commits: 3, omitted: { transactions: 0 } });
  });

  test('one that dropped something is kept, however many rows the others changed', () => {
    const summary = new SegmentSummary();
    summary.addCommit(endOf(0), dropping());
    for (let index = 1; index <= 500; index += 1) summary.addCommit(endOf(index), rows(1000 + index));
    expect(summary.facts().transactions[0]).toMatchObject({ xid: 700 });
    expect(summary.facts().transactions).toHaveLength(1 + kept);
  });

  test('more than a thousand that changed the structure are counted as left out', () => {
    const summary = new SegmentSummary();
    for (let index = 0; index < 1_005; index += 1) summary.addCommit(endOf(index), dropping());
    expect(summary.facts().transactions).toHaveLength(1_000);
    expect(summary.facts()).toMatchObject({ omitted: { transactions: 5, rowsMax: 0 }, schemaChanges: 1_005 });
  });
});

describe('the ends in a segment', () => {
  const ends = fc.array(fc.record({ time: fc.integer({ min: noon, max: noon + 100_000_000 }), abort: fc.boolean() }), {
    minLength: 1,
    maxLength: 50,
  });

  test('are told by first and last in the order of WAL, by earliest and latest in the order of time', () => {
    fc.assert(
      fc.property(ends, (all) => {
        const summary = new SegmentSummary();
        for (const [index, { time, abort }] of all.entries()) {
          if (abort) summary.addAbort(endOf(index, time));
          else summary.addCommit(endOf(index, time), null);
        }
        const facts = summary.facts();
        const commits = all
          .map(({ time, abort }, index) => ({ ...endOf(index, time), abort }))
          .filter((one) => !one.abort);
        const times = commits.map((one) => one.time).toSorted((a, b) => a - b);
        expect(facts.firstCommit?.xid).toBe(commits[0]?.xid);
        expect(facts.lastCommit?.xid).toBe(commits.at(-1)?.xid);
        expect([facts.earliest, facts.latest]).toEqual([times[0] ?? null, times.at(-1) ?? null]);
        // Recovery to a time stops at an abort too.
        expect(facts.latestEnd).toBe(Math.max(...all.map((one) => one.time)));
        expect([facts.xidMin, facts.xidMax]).toEqual([700, 699 + all.length]);
        const inSteps = facts.commitsByTime.map(([start]) => [
          start,
          commits.filter((one) => Math.floor(one.time / 1_000_000 / histogramSeconds) * histogramSeconds === start)
            .length,
        ]);
        expect(facts.commitsByTime).toEqual(inSteps);
        expect(facts.commitsByTime.reduce((sum, [, count]) => sum + count, 0)).toBe(commits.length);
        expect(inSteps.map(([start]) => start)).toEqual(
          inSteps.map(([start]) => Number(start)).toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('of an empty segment are none', () => {
    expect(new SegmentSummary().facts()).toMatchObject({
      commits: 0,
      aborts: 0,
      firstCommit: null,
      latestEnd: null,
      xidMin: null,
      commitsByTime: [],
      transactions: [],
    });
  });
});
