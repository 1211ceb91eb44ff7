import { expect, test } from 'vitest';
import { alignmentOf, wasNotRunning } from './receive-wal.ts';

const segmentBytes = 16 * 1024 * 1024;
const current = { timeline: 2, number: 9n };
const at = (timeline: number, number: number, ending = '') =>
  `0000000${timeline}00000000000000${number.toString(16).toUpperCase().padStart(2, '0')}${ending}`;
const of = (...names: string[]) => alignmentOf(names, current, segmentBytes);

test('receive-wal that never received anything, or stopped before the current segment, is behind', () => {
  expect(of()).toEqual({ is: 'behind', received: null });
  expect(of('00000002.history', 'x.tmp')).toEqual({ is: 'behind', received: null });
  expect(of(at(2, 7), at(2, 8, '.partial'))).toEqual({ is: 'behind', received: at(2, 8, '.partial') });
});

test('the highest number decides, whatever the timeline, as pg_receivewal itself decides', () => {
  expect(of(at(2, 9, '.partial'), at(1, 8))).toEqual({ is: 'aligned', received: at(2, 9, '.partial') });
  expect(of(at(2, 8, '.partial'), at(1, 9))).toEqual({ is: 'behind', received: at(1, 9) });
  expect(of(at(1, 9), at(2, 9, '.partial'))).toEqual({ is: 'aligned', received: at(2, 9, '.partial') });
  expect(of(at(2, 9, '.partial'), at(1, 10))).toEqual({ is: 'ahead', received: at(1, 10) });
});

test('only "no such process" means that there was nothing to stop', () => {
  const nothing = 'Termination of receive-wal failed: no such process for server main';
  expect(wasNotRunning([nothing])).toBe(true);
  expect(wasNotRunning([nothing, 'Cannot terminate process receive-wal(7)'])).toBe(false);
  expect(wasNotRunning([])).toBe(false);
});
