import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { targetSchema } from '@barback/shared/postgres/target.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { pictureOf } from '../window/wal-picture.ts';
import { describeBranches } from './describe-branches.ts';
import { unreachable } from './describe-refusal.ts';
import type { PlacedTarget } from './find-candidates.ts';
import { resolveTarget } from './resolve-target.ts';
import type { Search } from './search.ts';
import { searchIn } from './testing/model-search.ts';
import { noon, segmentBytes, type ModelBackup, type ModelRecord, type WalModel } from './testing/wal-model.ts';

const second = 1_000_000;

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(() => {
  temporary = temporaryDatabase();
  ({ database } = temporary);
});
afterAll(() => {
  temporary.remove();
});

/** A commit in each of some segments: `[segment, seconds past noon, xid]`. */
function commits(...all: readonly (readonly [number, number, number])[]): ModelRecord[] {
  return all.map(([number, seconds, xid], index) => ({
    kind: 'commit',
    position: number * segmentBytes + 0x100 + index * 8,
    xid,
    time: noon + seconds * second,
    name: '',
  }));
}

const backup = (id: string, number: number, seconds: number): ModelBackup => ({
  id,
  timeline: 1,
  begin: number * segmentBytes + 0x28,
  end: number * segmentBytes + 0x80,
  beginTime: noon + (seconds - 1) * second,
  endTime: noon + seconds * second,
});

const straight = commits([1, 10, 700], [2, 20, 701], [2, 30, 702], [3, 40, 703], [4, 50, 704], [6, 60, 705]);

function model(more: Partial<WalModel> = {}): WalModel {
  const first = { timeline: 1, parent: null, from: 0, records: straight };
  return { timelines: [first], backups: [backup('20261122T120000', 1, 0)], lost: [], live: 1, ...more };
}

let servers = 0;
function search(of: WalModel, change: (search: Search) => Search = (one) => one): Search {
  servers += 1;
  return change(searchIn(database, `server-${servers}`, of));
}

const targetAt = (raw: object) => targetSchema.parse(raw) as PlacedTarget;
const timeAt = (seconds: number, more: object = {}) =>
  targetAt({ type: 'time', time: formatInstant(noon + seconds * second), ...more });

async function resolve(of: Search, target: PlacedTarget, more: { backupId?: string; now?: number } = {}) {
  return resolveTarget(of, { target, backupId: more.backupId, now: more.now ?? noon + 1000 * second });
}

describe('a time', () => {
  test('resolves to the first commit in the order of WAL that is later, and tells the earlier-stamped ones behind it (T16)', async () => {
    const records = commits([1, 10, 700], [2, 30, 701], [2, 20, 702], [2, 25, 703], [2, 35, 704]);
    const skewed = model({ timelines: [{ timeline: 1, parent: null, from: 0, records }] });
    const { answers } = await resolve(search(skewed), timeAt(22));
    expect(answers).toHaveLength(1);
    expect(answers[0]?.candidate).toEqual({ timeline: 1, position: records[1]?.position, inclusive: false });
    expect(answers[0]).toMatchObject({ lastKept: { xid: 700 }, firstUndone: { xid: 701 } });
    expect(answers[0]?.stampedEarlier.map((one) => one.xid)).toEqual([702]);
  });

  test('of a commit itself keeps that commit', async () => {
    const { answers } = await resolve(search(model()), timeAt(30));
    expect(answers[0]).toMatchObject({ lastKept: { xid: 702 }, firstUndone: { xid: 703 } });
    expect(answers[0]?.lost).toEqual({ transactions: 3, seconds: 30 });
  });

  test('takes the newest backup that ended before it, or the one that was named', async () => {
    const backups = [
      backup('20261122T120000', 1, 0),
      backup('20261122T120025', 2, 15),
      backup('20261122T120045', 4, 45),
    ];
    const of = search(model({ backups }));
    expect((await resolve(of, timeAt(42))).answers[0]?.backup.backup.id).toBe('20261122T120025');
    const named = await resolve(of, timeAt(42), { backupId: '20261122T120000' });
    expect(named.answers[0]?.backup.backup.id).toBe('20261122T120000');
    const late = await resolve(of, timeAt(42), { backupId: '20261122T120045' });
    expect(late).toMatchObject({ answers: [], refusal: { is: 'too-early' } });
  });
});

describe('a refusal says why, and what can be had instead', () => {
  const refusal = async (of: Search, target: PlacedTarget, now?: number) => {
    const { refusal: found, before, after } = await resolve(of, target, now === undefined ? {} : { now });
    if (!found) throw new Error('it was not refused');
    const problem = unreachable('main', target, found, { before, after });
    return { is: found.is, before, after, problem: problem.problem };
  };

  test('of the future, by the clock of the host', async () => {
    const found = await refusal(search(model()), timeAt(100), noon + 99 * second);
    expect(found).toMatchObject({ is: 'future', before: { target: { type: 'xid', xid: 705 } } });
    expect(found.problem.detail).toContain('it is 2026-11-22T12:01:39.000000Z on the host of main');
  });

  test('before the oldest backup, and within its run', async () => {
    expect(await refusal(search(model()), timeAt(-60))).toMatchObject({
      is: 'too-early',
      before: null,
      after: { target: { type: 'immediate' }, backup: '20261122T120000', time: noon },
    });
    const inside = await refusal(search(model()), timeAt(-0.5));
    expect(inside.is).toBe('inside-backup');
    expect(inside.problem.detail).toContain('within the run of backup 20261122T120000');
  });

  test('behind everything that Barman holds, and whether live has more', async () => {
    const live = (lsn: string | null) =>
      search(model(), (one) => {
        const live = lsn === null ? null : { timeline: 1, lsn, inRecovery: false, slots: [] };
        return { ...one, picture: pictureOf({ ...one.picture.state, live }, one.picture.backups) };
      });
    const last = straight.at(-1)?.position ?? 0;
    for (const [at, word] of [
      [null, 'so recovery would end'],
      [last + 64, 'so recovery would end'],
      [last + 0x1000, 'not received yet'],
    ] as const) {
      const found = await refusal(live(at === null ? null : lsnFromNumber(at)), timeAt(60));
      expect(found).toMatchObject({ is: 'too-late', before: { target: { type: 'xid', xid: 705, timeline: 1 } } });
      expect(found.problem.detail).toContain(word);
    }
  });

  test('behind a segment that is missing, however much is held behind it', async () => {
    const holed = model({ lost: [{ timeline: 1, number: 3, how: 'missing' }] });
    const found = await refusal(search(holed), timeAt(45));
    expect(found).toMatchObject({ is: 'broken', before: { target: { type: 'xid', xid: 702 } } });
    expect(found.problem.detail).toBe(
      'WAL between the backup and the target is broken at 000000010000000000000003: it is missing',
    );
    expect((await resolve(search(holed), timeAt(25))).answers).toHaveLength(1);
  });

  test('in a segment that was not read yet', async () => {
    const behind = search(model(), (one) => {
      const { state, backups } = one.picture;
      const complete = [{ timeline: 1, first: 1, last: 9 }];
      return { ...one, picture: pictureOf({ ...state, complete, partial: [] }, backups) };
    });
    const found = await refusal(behind, timeAt(70));
    expect(found).toMatchObject({ is: 'unread', problem: { type: 'urn:barback:problem:index-behind' } });
  });

  test('of a transaction that never was, and of one that was rolled back', async () => {
    const abort: ModelRecord = { kind: 'abort', position: 2 * segmentBytes + 0x900, xid: 750, time: noon, name: '' };
    const records = [...straight.slice(0, 3), abort, ...straight.slice(3)];
    const of = search(model({ timelines: [{ timeline: 1, parent: null, from: 0, records }] }));
    expect((await refusal(of, targetAt({ type: 'before-transaction', xid: 999 }))).is).toBe('no-such-transaction');
    const undone = await refusal(of, targetAt({ type: 'before-transaction', xid: 750 }));
    expect(undone.problem.detail).toBe(
      'Transaction 750 was rolled back at 2026-11-22T12:00:00.000000Z: there is nothing of it to undo',
    );
    expect((await resolve(of, targetAt({ type: 'xid', xid: 750 }))).answers).toHaveLength(1);
  });

  test('of a name that nobody gave, with those that were given', async () => {
    const point: ModelRecord = {
      kind: 'restore-point',
      position: 2 * segmentBytes + 0x900,
      xid: 0,
      time: 0,
      name: 'a',
    };
    const records = [...straight.slice(0, 3), point, ...straight.slice(3)];
    const of = search(model({ timelines: [{ timeline: 1, parent: null, from: 0, records }] }));
    const found = await refusal(of, targetAt({ type: 'name', name: 'b' }));
    expect(found).toMatchObject({ is: 'no-such-name', problem: { next: 'Known are: a' } });
    expect((await resolve(of, targetAt({ type: 'name', name: 'a' }))).answers[0]?.candidate.inclusive).toBe(true);
  });

  test('of a timeline that Barman does not know', async () => {
    expect((await refusal(search(model()), timeAt(20, { timeline: 7 }))).is).toBe('no-such-timeline');
  });

  test('without any backup on the way', async () => {
    const found = await refusal(search(model({ backups: [] })), timeAt(20));
    expect(found).toMatchObject({ is: 'no-backup', before: null, after: null });
    expect(found.problem).toMatchObject({ next: expect.stringContaining('barman backup') as string });
  });
});

describe('two branches', () => {
  const fork = straight[2]?.position ?? 0;
  const promotion: ModelRecord = { kind: 'promotion', position: fork, xid: 0, time: noon + 31 * second, name: '' };
  const own = commits([2, 0, 0], [2, 0, 0], [2, 0, 0], [2, 35, 702], [3, 45, 703], [3, 55, 704]).slice(3);
  const forked = (more: Partial<WalModel> = {}) =>
    model({
      timelines: [
        { timeline: 1, parent: null, from: 0, records: straight },
        { timeline: 2, parent: 1, from: fork, records: [promotion, ...own] },
      ],
      live: 2,
      ...more,
    });

  test('that were both alive at an instant are both offered, and none is guessed', async () => {
    const target = timeAt(42);
    const { answers, refusal } = await resolve(search(forked()), target);
    expect(refusal).toBeNull();
    expect(answers.map((one) => [one.candidate.timeline, one.lastKept?.xid, one.firstUndone?.xid])).toEqual([
      [1, 703, 704],
      [2, 702, 703],
    ]);
    expect(describeBranches('main', target, answers).problem).toMatchObject({
      type: 'urn:barback:problem:target-ambiguous',
      facts: {
        branches: [
          { timeline: 1, target: { type: 'time', timeline: 1 } },
          { timeline: 2, target: { type: 'time', timeline: 2 } },
        ],
      },
    });
    for (const timeline of [1, 2]) {
      const named = await resolve(search(forked()), timeAt(42, { timeline }));
      expect(named.answers.map((one) => one.path.timeline)).toEqual([timeline]);
    }
  });

  test('share what was before the fork: one answer, along the branch that live is on', async () => {
    for (const live of [1, 2]) {
      const { answers } = await resolve(search(forked({ live })), timeAt(15));
      expect(answers.map((one) => [one.candidate.timeline, one.path.timeline])).toEqual([[1, live]]);
    }
  });

  test('give the same number to two transactions, and both are offered', async () => {
    const { answers } = await resolve(search(forked()), targetAt({ type: 'before-transaction', xid: 703 }));
    expect(answers.map((one) => one.candidate.timeline)).toEqual([1, 2]);
  });

  test('are not both meant at an instant before the younger one was open', async () => {
    const { answers } = await resolve(search(forked()), timeAt(30));
    expect(answers.map((one) => one.candidate.timeline)).toEqual([1]);
  });

  test('what one repeats of the other in its first file does not make it older than it is', async () => {
    // Its own first commit lies in its second file, behind copies of the parent's in the first.
    const records = [promotion, ...commits([3, 45, 702], [3, 55, 703])];
    const of = forked({
      timelines: [
        { timeline: 1, parent: null, from: 0, records: straight.slice(0, 2) },
        { timeline: 2, parent: 1, from: fork, records },
      ],
    });
    expect((await resolve(search(of), timeAt(25))).answers).toEqual([]);
    expect((await resolve(search(of), timeAt(32))).answers.map((one) => one.candidate.timeline)).toEqual([2]);
  });

  test('stay restorable where live cannot be read behind the fork', async () => {
    const of = forked({ lost: [{ timeline: 2, number: 2, how: 'damaged' }] });
    const { answers } = await resolve(search(of), timeAt(42, { timeline: 1 }));
    expect(answers.map((one) => one.lastKept?.xid)).toEqual([703]);
  });
});
