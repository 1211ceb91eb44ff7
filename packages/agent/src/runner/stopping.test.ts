import { expect, test } from 'vitest';
import { stoppedAs, Stopping, stops } from './stopping.ts';

test('a job that must finish is not stopped by a cancel or by its runner being told to end, only by its limit', () => {
  expect((['cancel', 'terminated', 'limit'] as const).map((reason) => stops(reason, 'finish'))).toEqual([
    false,
    false,
    true,
  ]);
  expect((['cancel', 'terminated', 'limit'] as const).every((reason) => stops(reason, 'stop'))).toBe(true);
});

test('a cancel that came before the handler began is not forgotten', () => {
  const stopping = new Stopping();
  stopping.ask('cancel');
  const signal = stopping.begin({ limitMs: 60_000, onCancel: 'stop' });
  stopping.end();
  expect(signal.aborted).toBe(true);
  expect(stopping.reason).toBe('cancel');
});

test('the reason tells how the job has ended', () => {
  expect(stoppedAs('cancel', 'x', 1000)).toMatchObject({ state: 'cancelled' });
  expect(stoppedAs('limit', 'x', 1500).problem.detail).toContain('its limit of 1.5 s');
  expect(stoppedAs('terminated', 'x', 1000).problem.type).toBe('urn:barback:problem:job-lost');
});
