import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameOfSegment, rangeOfSegment } from './segment-range.ts';

test('a segment is the same by name and by number, for every size of segments', () => {
  const sizes = fc.constantFrom(1, 16, 64, 1024).map((mebibytes) => mebibytes * 1024 * 1024);
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 0xffff_ffff }), fc.nat(), (size, timeline, number) => {
      const name = nameOfSegment(timeline, number, size);
      expect(name).toMatch(/^[0-9A-F]{24}$/);
      expect(rangeOfSegment(name, size)).toEqual({ timeline, first: number, last: number });
    }),
  );
});

test('numbers go on where the last digits of names begin again', () => {
  const size = 16 * 1024 * 1024;
  expect(rangeOfSegment('0000000100000000000000FF', size).first).toBe(255);
  expect(rangeOfSegment('000000010000000100000000', size).first).toBe(256);
});

test('a name that no agent may give is refused', () => {
  const size = 16 * 1024 * 1024;
  for (const name of [
    '',
    '00000002.history',
    '000000010000000000000100',
    '000000010000000000000001.partial',
    'x'.repeat(24),
  ])
    expect(() => rangeOfSegment(name, size), name).toThrow('cannot use the answer of the agent');
});
