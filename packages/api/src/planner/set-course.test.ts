import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { targetSchema } from '@barback/shared/postgres/target.ts';
import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { searchIn } from '../targets/testing/model-search.ts';
import { noon, segmentBytes, type ModelRecord, type WalModel } from '../targets/testing/wal-model.ts';
import type { Search } from '../targets/search.ts';
import { pictureOf } from '../window/wal-picture.ts';
import { setCourse } from './set-course.ts';
import { backup as catalogued } from './testing/facts.ts';

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

const commit = (number: number, xid: number, seconds: number): ModelRecord => ({
  kind: 'commit',
  position: number * segmentBytes + 0x100,
  xid,
  time: noon + seconds * second,
  name: '',
});

const backupAt = (number: number, timeline: number, seconds: number) => ({
  id: `20261122T12000${number}`,
  timeline,
  begin: number * segmentBytes + 0x28,
  end: number * segmentBytes + 0x80,
  beginTime: noon + (seconds - 1) * second,
  endTime: noon + seconds * second,
});

const fork = 4 * segmentBytes + 0x100;
const promotion: ModelRecord = { kind: 'promotion', position: fork, xid: 0, time: noon + 35 * second, name: '' };

/** Live is on 2, which left 1 within segment 4; both have backups. */
const model: WalModel = {
  timelines: [
    { timeline: 1, parent: null, from: 0, records: [1, 2, 3, 4, 5, 6].map((n) => commit(n, 700 + n, n * 10)) },
    { timeline: 2, parent: 1, from: fork, records: [promotion, commit(5, 704, 50), commit(7, 705, 70)] },
  ],
  backups: [backupAt(1, 1, 5), backupAt(5, 1, 45), backupAt(6, 2, 60)],
  lost: [],
  live: 2,
};

let servers = 0;
function search(of: WalModel = model): Search {
  servers += 1;
  return searchIn(database, `server-${servers}`, of);
}

const course = (target: object, more: { backup?: string; search?: Search } = {}) =>
  setCourse(more.search ?? search(), {
    request: { server: 'main', target: targetSchema.parse(target), backup: more.backup },
    now: noon + 1000 * second,
  });

async function refusal(...asked: Parameters<typeof course>) {
  const error: unknown = await course(...asked).catch((caught: unknown) => caught);
  if (!(error instanceof ProblemError)) throw new Error('it was not refused');
  return { type: problemTypeOf(error.problem), detail: error.problem.detail };
}

const time = (seconds: number, more: object = {}) => ({
  type: 'time',
  time: formatInstant(noon + seconds * second),
  ...more,
});

describe('the course to a place', () => {
  test('is a position in WAL, whatever the operator wrote, with the segments to copy', async () => {
    const found = await course(time(25));
    expect(found.target).toEqual({ type: 'lsn', lsn: lsnFromNumber(3 * segmentBytes + 0x100), inclusive: false });
    expect(found).toMatchObject({
      path: { timeline: 2 },
      backup: { id: '20261122T120001' },
      wal: { first: 1, last: 4 },
      stop: { lastKept: { xid: 702 }, firstUndone: { xid: 703 } },
      lost: { transactions: 3 },
    });
  });

  test('is refused where the target exists twice, with both', async () => {
    expect(await refusal({ type: 'xid', xid: 705 })).toMatchObject({ type: 'target-ambiguous' });
    expect((await course({ type: 'xid', xid: 705, timeline: 1 })).path.timeline).toBe(1);
  });

  test('is refused where it cannot be reached, with the reason', async () => {
    expect(await refusal(time(-100))).toMatchObject({ type: 'target-unreachable' });
    expect((await refusal(time(2000))).detail).toContain('lies in the future');
  });

  test('starts from the named backup, also from one that ends behind the newest that would do', async () => {
    expect((await course(time(65), { backup: '20261122T120006' })).backup.id).toBe('20261122T120006');
    expect(await refusal(time(25), { backup: '20261122T120006' })).toMatchObject({ type: 'target-unreachable' });
  });
});

describe('the course to everything', () => {
  test('follows the branch that live is on, from its newest backup to the last segment', async () => {
    expect(await course({ type: 'latest' })).toMatchObject({
      target: { type: 'latest' },
      path: { timeline: 2 },
      backup: { id: '20261122T120006' },
      wal: { first: 6, last: 7 },
      stop: null,
      lost: { transactions: 0, seconds: 0 },
    });
  });

  test('ends where a segment is missing', async () => {
    const holed = {
      ...model,
      backups: [backupAt(1, 1, 5)],
      lost: [{ timeline: 1, number: 3, how: 'missing' as const }],
    };
    expect(await course({ type: 'latest' }, { search: search(holed) })).toMatchObject({
      reach: { breaks: { is: 'missing', number: 3 } },
      wal: { first: 1, last: 2 },
    });
  });

  test('is refused where no backup is on the branch that live is on', async () => {
    const abandoned = { ...model, backups: [backupAt(5, 1, 45)] };
    const found = await refusal({ type: 'latest' }, { search: search(abandoned) });
    expect(found).toMatchObject({
      type: 'target-unreachable',
      detail: expect.stringContaining('timeline 2') as string,
    });
  });
});

describe('the course to the end of a backup', () => {
  test('takes the newest of live, or the named one on its own branch', async () => {
    expect(await course({ type: 'immediate' })).toMatchObject({
      backup: { id: '20261122T120006' },
      wal: { first: 6, last: 6 },
    });
    expect(await course({ type: 'immediate' }, { backup: '20261122T120005' })).toMatchObject({
      backup: { id: '20261122T120005' },
      path: { timeline: 1 },
    });
  });

  test('tells what live would lose by it', async () => {
    expect((await course({ type: 'immediate' })).lost?.transactions).toBe(1);
    expect((await course({ type: 'immediate' }, { backup: '20261122T120005' })).lost?.transactions).toBe(2);
  });
});

describe('a backup', () => {
  const withBackups = (...backups: Parameters<typeof pictureOf>[1]) => {
    const one = search();
    return { ...one, picture: pictureOf(one.picture.state, backups) };
  };

  test('that does not exist, or of which nothing is known, is refused by its name', async () => {
    expect(await refusal(time(25), { backup: '20200101T000000' })).toEqual({
      type: 'backup-not-found',
      detail: 'Barman has no backup 20200101T000000 of server main',
    });
    const started = withBackups(catalogued({ status: 'STARTED', endLsn: null, endTime: null }));
    expect(await refusal(time(25), { backup: catalogued().id, search: started })).toMatchObject({
      type: 'unsupported-backup',
      detail: expect.stringContaining('it is STARTED, not DONE') as string,
    });
  });

  test('that cannot be restored goes on when it is named, so that the findings say everything about it', async () => {
    const failed = withBackups(
      catalogued({ status: 'FAILED', beginWal: '000000010000000000000002', endLsn: '0/200080' }),
    );
    expect((await course({ type: 'immediate' }, { backup: catalogued().id, search: failed })).backup.status).toBe(
      'FAILED',
    );
  });

  test('is needed: without a usable one every target is refused, with each reason', async () => {
    expect(await refusal({ type: 'latest' }, { search: withBackups() })).toMatchObject({ type: 'backup-not-found' });
    const failed = withBackups(catalogued({ status: 'FAILED' }));
    expect((await refusal(time(25), { search: failed })).detail).toContain('it is FAILED, not DONE');
  });
});
