import { expect, test } from 'vitest';
import { commitEpoch, commitText, recordText } from '../postgres/testing/waldump-text.ts';
import { WaldumpScanner } from '../postgres/waldump-scanner.ts';
import { SegmentEnds } from './segment-ends.ts';

const [start, bytes] = [0x3000000, 0x1000000];
const stamp = '2026-11-24 16:20:00.000007 UTC';
const end = (xid: number, offset: number, description: string) =>
  recordText({
    manager: 'Transaction',
    xid,
    lsn: `0/${(start + offset).toString(16).toUpperCase()}`,
    description: `${description}: ${stamp}`.replace(/^(ABORT|COMMIT): /, '$1 '),
  });

function endsOf(lines: readonly string[]): SegmentEnds {
  const ends = new SegmentEnds(start, bytes);
  const scanner = new WaldumpScanner(ends, null);
  scanner.add(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  scanner.finish();
  return ends;
}

test('every end of a transaction in a segment is told with its place, and which of them are aborts', () => {
  const ends = endsOf([
    commitText(700, start + 0x28),
    end(701, 0x60, 'ABORT'),
    end(702, 0x100, 'PREPARE gid g'),
    end(0, 0x200, 'COMMIT_PREPARED 702'),
    end(0, 0x240, 'ABORT_PREPARED 703'),
    commitText(704, start + 0xfffff8, 9),
  ]);
  expect(ends.result()).toEqual({
    xids: [700, 701, 702, 703, 704],
    offsets: [0x28, 0x60, 0x200, 0x240, 0xfffff8],
    times: [0, 7, 7, 7, 9].map((micros) => commitEpoch + micros),
    aborts: [1, 3],
    cut: false,
  });
  expect(ends.isBehind).toBe(false);
});

test('an end in the next segment is not counted, and tells that the segment was read through', () => {
  const ends = endsOf([commitText(700, start + 0x28), commitText(701, start + bytes)]);
  expect(ends.result().xids).toEqual([700]);
  expect(ends.isBehind).toBe(true);
  const abort = endsOf([end(701, bytes + 0x28, 'ABORT')]);
  expect(abort.result()).toMatchObject({ xids: [], aborts: [] });
});

test('more ends than one answer may have are cut, columns alike', () => {
  const ends = new SegmentEnds(start, bytes);
  const abort = { kind: 'abort' as const, xid: null, time: 1, removed: [], subxacts: [], dropped: [], prepared: false };
  for (let index = 0; index < 100_000; index += 1) ends.commit(index, start + index, 1);
  expect(ends.result().cut).toBe(false);
  ends.record({ is: 'transaction', xid: 5, lsn: '0/3800000', end: abort });
  const { xids, offsets, times, aborts, cut } = ends.result();
  expect([xids.length, offsets.length, times.length]).toEqual([100_000, 100_000, 100_000]);
  expect({ aborts, cut }).toEqual({ aborts: [], cut: true });
});
