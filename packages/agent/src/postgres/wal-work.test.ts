import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Work } from './wal-work.ts';

const listMax = 64;

describe('the work of one transaction', () => {
  test('counts every row, whether its relation fits into the list or not', () => {
    const changes = fc.array(
      fc.record({
        file: fc.integer({ min: 1, max: 100 }),
        what: fc.constantFrom('deleted' as const, 'updated' as const),
      }),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(changes, (all) => {
        const work = new Work();
        for (const { file, what } of all) work.addRow(`1663/5/${file}`, what);
        const { rows, otherRows } = work.summary();
        const files = new Set(all.map((one) => one.file));
        expect(rows).toHaveLength(Math.min(files.size, listMax));
        for (const what of ['deleted', 'updated'] as const) {
          const told = rows.reduce((sum, one) => sum + one[what], otherRows[what]);
          expect(told).toBe(all.filter((one) => one.what === what).length);
        }
        for (const one of rows) {
          const own = all.filter((change) => `1663/5/${change.file}` === one.file);
          expect(one.deleted + one.updated).toBe(own.length);
        }
        expect(work.rows).toBe(all.length);
        expect(work.deletesRows).toBe(all.some((one) => one.what === 'deleted'));
      }),
      { numRuns: 60 },
    );
  });

  test('survives being kept and taken up again', () => {
    const work = new Work();
    for (let file = 0; file < 70; file += 1) work.addRow(`1663/5/${file}`, 'deleted', file + 1);
    work.addCatalogue(1259, 3);
    work.addFile('created', '1663/5/1');
    work.addFile('removed', '1663/5/2');
    work.addObject('dropped', { database: 5, oid: 7 });
    work.addObject('locked', { database: 5, oid: 8 });
    work.addDatabase(9, 'created');
    work.cut();
    const summary = work.summary();
    expect(summary.otherRows.deleted).toBe(65 + 66 + 67 + 68 + 69 + 70);
    expect(Work.from(summary).summary()).toEqual(summary);
    expect(Work.from(summary)).toMatchObject({ rows: work.rows, deletesRows: true, changesStructure: true });
  });

  test('that was added to another counts in both lists', () => {
    const [one, other] = [new Work(), new Work()];
    one.addRow('1663/5/1', 'deleted');
    other.addRow('1663/5/1', 'deleted', 2);
    other.addFile('removed', '1663/5/1');
    one.addWork(other.summary());
    expect(one.summary()).toMatchObject({ rows: [{ deleted: 3, updated: 0 }], removed: ['1663/5/1'], atLeast: false });
  });

  test('names a thing once, and says when there are more than it names', () => {
    const work = new Work();
    for (let round = 0; round < 2; round += 1) {
      for (let oid = 0; oid < listMax; oid += 1) work.addObject('dropped', { database: 5, oid });
    }
    expect(work.summary()).toMatchObject({ atLeast: false });
    expect(work.summary().dropped).toHaveLength(listMax);
    work.addObject('dropped', { database: 5, oid: listMax });
    expect(work.summary()).toMatchObject({ atLeast: true });
    expect(work.summary().dropped).toHaveLength(listMax);
  });

  test('is nothing again when it is cleared', () => {
    const work = new Work();
    work.addRow('1663/5/1', 'deleted', 5);
    work.addCatalogue(1259);
    work.addDatabase(9, 'dropped');
    work.cut();
    work.clear();
    expect(work.summary()).toEqual(new Work().summary());
    expect(work).toMatchObject({ rows: 0, deletesRows: false, changesStructure: false, changesSchema: false });
  });

  test('changes names of relations when it creates or drops, and structure when it removes', () => {
    const after = (change: (work: Work) => void) => {
      const work = new Work();
      change(work);
      return [work.changesStructure, work.changesSchema];
    };
    expect(after((work) => work.addRow('1663/5/1', 'deleted'))).toEqual([false, false]);
    expect(after((work) => work.addObject('locked', { database: 5, oid: 1 }))).toEqual([false, false]);
    expect(after((work) => work.addFile('created', '1663/5/1'))).toEqual([false, true]);
    expect(after((work) => work.addFile('removed', '1663/5/1'))).toEqual([true, false]);
    expect(after((work) => work.addObject('dropped', { database: 5, oid: 1 }))).toEqual([true, true]);
    expect(after((work) => work.addDatabase(9, 'dropped'))).toEqual([true, false]);
    expect(after((work) => work.addCatalogue(1259))).toEqual([true, true]);
  });
});
