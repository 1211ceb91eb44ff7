import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commitEpoch, commitText, deletedRowText, recordText, scanned } from './testing/waldump-text.ts';
import { parseWaldumpLine } from './waldump-line.ts';

const fixture = (major: number) =>
  readFileSync(new URL(`../../fixtures/postgresql-${major}/pg_waldump-kinds.txt`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => /^rmgr: (Transaction|Heap|Storage|Standby|XLOG|Database|Tablespace) /.test(line));

const bytesOf = (lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''));

/** Told by regular expressions from each line, without positions in it. */
function expectedRows(lines: readonly string[]) {
  return lines.flatMap((line) => {
    const row = /^rmgr: Heap .*, tx: +(\d+), .* desc: (DELETE|HOT_UPDATE|UPDATE)\b.*?#0: rel (\S+)/.exec(line);
    return row ? [{ row: row[2] === 'DELETE' ? 'deleted' : 'updated', xid: Number(row[1]), file: row[3] }] : [];
  });
}

describe.each([15, 17])('the output of pg_waldump %i', (major) => {
  const lines = fixture(major);

  test('gives every deleted and updated row to the relation it belonged to', () => {
    const rows = scanned([bytesOf(lines)]).seen.filter((one) => 'row' in one);
    expect(rows).toEqual(expectedRows(lines));
    expect(rows.length).toBeGreaterThan(170);
  });

  test('gives the same times and positions for plain commits as the parser of whole lines', () => {
    const commits = scanned([bytesOf(lines)]).seen.filter((one) => 'commit' in one);
    const parsed = lines.flatMap((line) => {
      const record = parseWaldumpLine(line);
      const isPlain = record?.is === 'transaction' && /desc: COMMIT \S+ \S+ UTC$/.test(line);
      return isPlain ? [{ commit: record.xid, time: record.end.time }] : [];
    });
    expect(commits.map(({ commit, time }) => ({ commit, time }))).toEqual(parsed);
    expect(commits.length).toBeGreaterThan(10);
  });

  test('is read alike however it arrives in pieces', () => {
    const bytes = bytesOf(lines.slice(0, 60).concat(lines.slice(-60)));
    const whole = scanned([bytes]);
    const cuts = fc.uniqueArray(fc.nat({ max: bytes.length }), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (places) => {
        const ends = [0, ...places.toSorted((a, b) => a - b), bytes.length];
        const chunks = ends.slice(1).map((end, index) => Buffer.from(bytes.subarray(ends[index], end)));
        expect(scanned(chunks)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  test('goes on behind a record that was taken before, wherever that was', () => {
    const whole = scanned([bytesOf(lines)]);
    for (const at of [0, 1, 57, lines.length - 1]) {
      const { seen: before, lastLsn } = scanned([bytesOf(lines.slice(0, at + 1))]);
      const record = parseWaldumpLine(lines[at] ?? '');
      expect(lastLsn).toBe(record?.lsn);
      const again = scanned([bytesOf(lines.slice(at))], numberOf(lastLsn));
      expect([...before, ...again.seen]).toEqual(whole.seen);
      expect(again.lastLsn).toBe(whole.lastLsn);
    }
  });
});

function numberOf(lsn: string | null): number {
  const [high = '0', low = '0'] = (lsn ?? '').split('/');
  return Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
}

describe('a line of pg_waldump', () => {
  test('that was cut off counts as not read, and the position stays at the last whole one', () => {
    const [first, second] = [commitText(700, 0x1000028), commitText(701, 0x1000060)];
    const cut = Buffer.from(`${first}\n${second}`);
    expect(scanned([cut])).toEqual({
      seen: [{ commit: 700, position: 0x1000028, time: commitEpoch }],
      lastLsn: '0/1000028',
    });
    expect(scanned([Buffer.from('')], 0x1000028).lastLsn).toBe('0/1000028');
    expect(scanned([]).lastLsn).toBeNull();
  });

  test('may hold the highest xid and the highest position, and the last microsecond of a second', () => {
    const line = commitText(4_294_967_295, 2 ** 52 + 0xffff_fff8, 999_999);
    const { seen, lastLsn } = scanned([bytesOf([line])]);
    expect(seen).toEqual([{ commit: 4_294_967_295, position: 2 ** 52 + 0xffff_fff8, time: commitEpoch + 999_999 }]);
    expect(lastLsn).toBe('100000/FFFFFFF8');
  });

  test('with commits of many seconds gives each its own time', () => {
    const micros = [0, 999_999, 1_000_000, 59_000_001, 1];
    const lines = micros.map((one, index) => commitText(700 + index, 0x1000028 + index * 56, one));
    const times = scanned([bytesOf(lines)]).seen.map((one) => ('commit' in one ? one.time - commitEpoch : null));
    expect(times).toEqual(micros);
  });

  test('in a local time, or of a kind that is not known, is refused instead of passed over', () => {
    const commit = commitText(700, 0x1000028);
    const refused = [
      commit.replace(' UTC', ' CET'),
      commit.replace('COMMIT 2026-11-24', 'COMMIT 2026-02-30'),
      recordText({ manager: 'Database', xid: 1, lsn: '0/28', description: 'RENAMED 1663/5' }),
      recordText({ manager: 'Btree', xid: 1, lsn: '0/28', description: 'INSERT_LEAF off 1' }),
      recordText({ manager: 'Heap', xid: 1, lsn: '0/28', description: 'DELETE off 1 flags 0x00 KEYS_UPDATED' }),
    ];
    for (const line of refused) expect(() => scanned([bytesOf([line])]), line).toThrow('cannot read a line');
  });

  test('of page images is passed over, and warnings between the lines are too', () => {
    const image = recordText({
      manager: 'XLOG',
      xid: 0,
      lsn: '0/1000028',
      description: 'FPI_FOR_HINT , blkref #0: rel',
    });
    expect(scanned([bytesOf([image, 'pg_waldump: first record is after 0/28', ''])])).toEqual({
      seen: [],
      lastLsn: '0/1000028',
    });
  });

  test('of a restore point may be broken by its name, which then says nothing else', () => {
    const lsn = '0/1000028';
    const point = recordText({ manager: 'XLOG', xid: 0, lsn, description: 'RESTORE_POINT one' });
    const behind = commitText(700, 0x1000060);
    const { seen } = scanned([bytesOf([point, 'two', behind])]);
    expect(seen.map((one) => ('is' in one ? one.is : 'commit'))).toEqual(['restore-point', 'commit']);
  });
});

describe('the identifier of a prepared transaction', () => {
  const prepare = (gid: string) =>
    recordText({
      manager: 'Transaction',
      xid: 800,
      lsn: '0/1000028',
      description: `PREPARE gid ${gid}: 2026-11-24 16:20:37.663863 UTC`,
    });
  const behind = [deletedRowText(801, '0/1000120'), commitText(801, 0x1000160)];
  const prepared = (gid: string) => {
    const { seen } = scanned([bytesOf([...prepare(gid).split('\n'), ...behind])]);
    return seen.map((one) => ('row' in one ? one.row : 'commit' in one ? one.commit : `${one.is} ${one.xid}`));
  };

  test('may be any text without hiding what follows', () => {
    for (const gid of ['g1', '', 'a: b', 'x; subxacts: 5', 'rmgr: ', '2026-11-24 16:20:37 UTC'])
      expect(prepared(gid), gid).toEqual(['transaction 800', 'deleted', 801]);
  });

  test('may hold line breaks, which end nothing', () => {
    for (const gid of ['one\ntwo', '\n', 'one\n\nthree: x\n', 'rmgr: \nrmgr: Heap'])
      expect(prepared(gid), JSON.stringify(gid)).toEqual(['transaction 800', 'deleted', 801]);
  });

  test('cannot pretend a record that PostgreSQL never wrote', () => {
    const forged = deletedRowText(999, '0/1000050').slice(0, 160);
    const gid = `a: 2026-11-24 16:20:37.1 UTC\n${forged}\n`;
    expect(prepared(gid)).toEqual(['transaction 800', 'deleted', 801]);
  });

  test('that was cut off at the end of the output is not read', () => {
    const [first = ''] = prepare('one\ntwo').split('\n');
    expect(scanned([bytesOf([commitText(799, 0x1000000), first])])).toMatchObject({ seen: [{ commit: 799 }] });
  });
});
