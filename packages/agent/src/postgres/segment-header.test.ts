import { expect, test } from 'vitest';
import { parseSegmentHeader, segmentHeaderBytes } from './segment-header.ts';

/** XLogLongPageHeaderData of a segment that PostgreSQL 15 wrote. */
function header({ info = 0x0002, magic = 0xd110 } = {}): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  bytes.writeUInt16LE(magic, 0);
  bytes.writeUInt16LE(info, 2);
  bytes.writeUInt32LE(7, 4);
  bytes.writeBigUInt64LE(0x1_0200_0000n, 8);
  bytes.writeBigUInt64LE(7_711_291_178_023_169_058n, 24);
  bytes.writeUInt32LE(16_777_216, 32);
  bytes.writeUInt32LE(8192, 36);
  return bytes;
}

test('the first page of a segment says whose it is and where it belongs, to the last digit', () => {
  const expected = {
    timeline: 7,
    position: 0x1_0200_0000,
    systemIdentifier: '7711291178023169058',
    segmentBytes: 16_777_216,
    pageBytes: 8192,
  };
  expect(parseSegmentHeader(header())).toEqual(expected);
  expect(parseSegmentHeader(header({ info: 0x0003 }))).toEqual(expected);
  expect(parseSegmentHeader(header({ magic: 0xd116 }))).toEqual(expected);
});

test('a page that was never written is empty, and anything else is no WAL', () => {
  expect(parseSegmentHeader(Buffer.alloc(segmentHeaderBytes))).toBe('empty');
  expect(parseSegmentHeader(Buffer.alloc(segmentHeaderBytes - 1))).toBeUndefined();
  expect(parseSegmentHeader(header().subarray(0, 39))).toBeUndefined();
  expect(parseSegmentHeader(header({ info: 0 }))).toBeUndefined();
});
