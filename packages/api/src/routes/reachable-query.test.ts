import { describe, expect, test } from 'vitest';
import { instantQuery, numberQuery } from './query-parts.ts';
import { reachableQuery } from './reachable-query.ts';

const asked = (query: Record<string, string>) => reachableQuery.safeParse(query);
const messages = (query: Record<string, string>) => asked(query).error?.issues.map((one) => one.message) ?? [];

describe('a question where recovery can stop', () => {
  test('names exactly one place, which becomes the target of a plan', () => {
    expect(asked({ time: '2026-11-22T12:00:00Z', timeline: '2', backup: '20261122T115900' }).data).toEqual({
      target: { type: 'time', time: '2026-11-22T12:00:00Z', timeline: 2 },
      backup: '20261122T115900',
    });
    expect(asked({ lsn: '0/2000028' }).data?.target).toEqual({ type: 'lsn', lsn: '0/2000028', inclusive: true });
    expect(asked({ xid: '700', inclusive: 'false' }).data?.target).toEqual({ type: 'xid', xid: 700, inclusive: false });
    expect(asked({ name: 'before migration 1' }).data?.target).toEqual({ type: 'name', name: 'before migration 1' });
    expect(asked({ before_transaction: '700' }).data?.target).toEqual({ type: 'before-transaction', xid: 700 });
  });

  test('without a place, or with two, says what to give', () => {
    const advice = 'give exactly one of time, lsn, xid, name, before_transaction';
    for (const query of [{}, { timeline: '1' }, { time: '2026-11-22T12:00:00Z', xid: '700' }])
      expect(messages(query), JSON.stringify(query)).toEqual([advice]);
  });

  test.each<[Record<string, string>, string]>([
    [{ time: '2026-11-22T12:00:00' }, 'add the offset'],
    [{ time: '2026-11-22 12:00:00+02:00' }, 'RFC 3339'],
    [{ time: '2026-11-22T12:00:00 02:00' }, 'write the offset as %2B02:00'],
    [{ time: 'now' }, '{"type":"latest"}'],
    [{ time: '2026-02-30T12:00:00Z' }, 'not a day of the calendar'],
    [{ lsn: '0x2000028' }, 'write an LSN as PostgreSQL prints it'],
    [{ lsn: '0/1234567890' }, 'write an LSN as PostgreSQL prints it'],
    [{ xid: '2' }, 'expected a whole number from 3 to 4294967295'],
    [{ xid: '4294967296' }, 'expected a whole number from 3 to 4294967295'],
    [{ xid: '7e2' }, 'expected a whole number'],
    [{ before_transaction: '-5' }, 'expected a whole number'],
    [{ name: 'x'.repeat(64) }, '63'],
    [{ name: '' }, ''],
    [{ xid: '700', inclusive: 'yes' }, 'true'],
    [{ xid: '700', timeline: '0' }, 'expected a whole number from 1 to 4294967295'],
    [{ xid: '700', backup: '../etc' }, ''],
    [{ xid: '700', other: '1' }, 'other'],
  ])('with %j is refused', (query, word) => {
    const found = messages(query);
    expect(found).not.toEqual([]);
    expect(found.join('\n')).toContain(word);
  });

  test('refuses what its place has no use for', () => {
    expect(messages({ time: '2026-11-22T12:00:00Z', inclusive: 'true' }).join()).toContain('inclusive');
    expect(messages({ name: 'x', inclusive: 'false' }).join()).toContain('inclusive');
  });
});

describe('a part of a query', () => {
  test('that is a number is whole, plain and within its bounds', () => {
    const number = numberQuery(0, 10);
    expect(['0', '10', '007'].map((text) => number.parse(text))).toEqual([0, 10, 7]);
    for (const text of ['', '-1', '11', '1.5', '1e1', ' 1', '1 ', '0x1', '９', '9'.repeat(16), 'Infinity'])
      expect(number.safeParse(text).error?.issues[0]?.message, text).toBe('expected a whole number from 0 to 10');
  });

  test('that is an instant is the same in every offset, to the microsecond', () => {
    expect(instantQuery.parse('2026-11-22T14:00:00.000001+02:00')).toBe(1_795_348_800_000_001);
    expect(instantQuery.parse('2026-11-22T12:00:00.000001Z')).toBe(1_795_348_800_000_001);
    for (const text of ['', '1795348800', '2026-11-22', '2026-11-22T12:00:00.1234567Z', '2026-11-22T24:00:00Z'])
      expect(instantQuery.safeParse(text).success, text).toBe(false);
  });
});
