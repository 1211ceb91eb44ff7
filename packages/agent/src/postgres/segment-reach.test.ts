import { expect, test } from 'vitest';
import { isBegun, segmentReach, type ReadAt } from './segment-reach.ts';

const segmentBytes = 1024 * 1024;
const pageBytes = 8192;
const place = { start: 5 * segmentBytes, segmentBytes };

/** A segment whose first pages are written, the last of them up to an offset within it. */
function written(pages: number, lastBytes: number, { start } = place): Buffer {
  const content = Buffer.alloc(segmentBytes);
  for (let page = 0; page < pages; page += 1) {
    const offset = page * pageBytes;
    content.fill(0x55, offset, offset + (page === pages - 1 ? lastBytes : pageBytes));
    content.writeUInt16LE(0xd110, offset);
    content.writeUInt16LE(page === 0 ? 0x0002 : 0, offset + 2);
    content.writeUInt32LE(1, offset + 4);
    content.writeBigUInt64LE(BigInt(start + offset), offset + 8);
    if (page > 0) continue;
    content.writeBigUInt64LE(7n, 24);
    content.writeUInt32LE(segmentBytes, 32);
    content.writeUInt32LE(pageBytes, 36);
  }
  return content;
}

const reader =
  (content: Buffer): ReadAt =>
  (offset, bytes) =>
    Promise.resolve(content.subarray(offset, offset + bytes));

test('a segment reaches to its last byte that was written', async () => {
  for (const [pages, last] of [
    [1, 100],
    [1, pageBytes],
    [2, 40],
    [77, 5000],
    [128, pageBytes],
  ] as const) {
    expect(await segmentReach(reader(written(pages, last)), place)).toBe((pages - 1) * pageBytes + last);
  }
});

test('what a recycled file held before does not count', async () => {
  const before = written(128, pageBytes, { ...place, start: 2 * segmentBytes });
  const now = Buffer.concat([written(3, pageBytes).subarray(0, 3 * pageBytes), before.subarray(3 * pageBytes)]);
  expect(await segmentReach(reader(now), place)).toBe(3 * pageBytes);
  expect(await segmentReach(reader(before), place)).toBe(0);
  expect(await isBegun(reader(before), place)).toBe(false);
});

test('a file of zeros, a short one and one of something else hold nothing', async () => {
  for (const content of [Buffer.alloc(segmentBytes), Buffer.alloc(0), Buffer.alloc(segmentBytes, 0x11)]) {
    expect(await segmentReach(reader(content), place)).toBe(0);
    expect(await isBegun(reader(content), place)).toBe(false);
  }
  expect(await segmentReach(reader(written(9, 100).subarray(0, 4 * pageBytes)), place)).toBe(4 * pageBytes);
});
