import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inParallel } from './in-parallel.ts';

const never = new AbortController().signal;

/** Goes on until it is aborted, and takes a while to clean up. */
function untilAborted(done: string[]): (signal: AbortSignal) => Promise<never> {
  return async (signal) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    for (let turns = 0; turns < 5; turns += 1) await turn();
    done.push('cleaned up');
    throw signal.reason;
  };
}

test('both answers are given, each in its place', async () => {
  const slow = async (): Promise<string> => {
    await turn();
    return 'slow';
  };
  expect(await inParallel(never, slow, async () => 7)).toEqual(['slow', 7]);
});

test('the first failure ends the other piece, and is thrown only when that has ended', async () => {
  const done: string[] = [];
  const fails = async (): Promise<never> => {
    await turn();
    throw new Error('no WAL');
  };
  await expect(inParallel(never, untilAborted(done), fails)).rejects.toThrow('no WAL');
  expect(done).toEqual(['cleaned up']);
  await expect(inParallel(never, fails, untilAborted(done))).rejects.toThrow('no WAL');
  expect(done).toEqual(['cleaned up', 'cleaned up']);
});

test('a signal from outside ends both', async () => {
  const done: string[] = [];
  const outside = new AbortController();
  const both = inParallel(outside.signal, untilAborted(done), untilAborted(done));
  outside.abort(new Error('cancelled'));
  await expect(both).rejects.toThrow('cancelled');
  expect(done).toEqual(['cleaned up', 'cleaned up']);
});
