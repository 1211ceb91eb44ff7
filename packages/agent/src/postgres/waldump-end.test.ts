import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { judgeWaldump } from './waldump-end.ts';

const segmentBytes = 16 * 1024 * 1024;
const judged = (stderr: string, exitCode: number | null = 1) => judgeWaldump(exitCode, stderr, segmentBytes);

describe('pg_waldump', () => {
  test.each([
    [15, { lastRecord: '0/A005D08', at: '0/A005D40' }],
    [17, { lastRecord: '0/7000168', at: '0/7000190' }],
  ])('of PostgreSQL %i says where WAL ends for now, by its real words', (major, expected) => {
    const file = new URL(`../../fixtures/postgresql-${major}/pg_waldump-partial.stderr.txt`, import.meta.url);
    expect(judged(readFileSync(file, 'utf8'))).toMatchObject({ is: 'stopped', ...expected });
  });

  test('that ends with 0 has read everything, whatever it printed', () => {
    expect(judged('pg_waldump: error: x', 0)).toEqual({ is: 'complete' });
  });

  test.each([
    ['invalid magic number 0000 in log segment 000000010000000000000007, offset 8192', '0/7002000'],
    ['unexpected pageaddr 0/3000000 in WAL segment 000000010000000000000007, LSN 0/7004000, offset 16384', '0/7004000'],
    ['incorrect resource manager data checksum in record at 0/07000168', '0/7000168'],
    ['record with incorrect prev-link 0/0 at 0/7000190', '0/7000190'],
    ['there is no contrecord flag', null],
  ])('stops at %j', (reason, at) => {
    const end = judged(`pg_waldump: error: error in WAL record at 0/07000028: ${reason}\n`);
    expect(end).toEqual({ is: 'stopped', lastRecord: '0/7000028', at, reason });
  });

  test('tells a file without records and a file that vanished from damage', () => {
    expect(judged('pg_waldump: error: could not find a valid record after 0/7000000')).toMatchObject({ is: 'nothing' });
    for (const words of [
      'could not find file "X": No such file',
      'could not open file "X"',
      'could not locate WAL file "X"',
      // PostgreSQL 15.18, for a directory of links when the file behind one was moved away.
      'could not find any WAL file',
    ])
      expect(judged(`pg_waldump: error: ${words}`), words).toMatchObject({ is: 'vanished' });
    expect(judged('pg_waldump: fatal: could not find a valid record after 0/28')).toMatchObject({ is: 'nothing' });
  });

  test('that died, or complains of something unknown, proves nothing', () => {
    expect(judged('', null)).toBeUndefined();
    expect(judged('', 1)).toBeUndefined();
    expect(judged('pg_waldump: error: unrecognized argument')).toBeUndefined();
    expect(judged('pg_waldump: error: error in WAL record at 0/7000028: x at 0/1', 139)).toBeUndefined();
    expect(judged('x pg_waldump: error: error in WAL record at 0/7000028: x at 0/1')).toBeUndefined();
  });
});
