import { expect, test } from 'vitest';
import { Semaphore } from './semaphore.ts';

test('at most as many run at once as there are slots, a bounded number waits, the rest is turned away', async () => {
  const semaphore = new Semaphore(2, 3);
  let running = 0;
  let most = 0;
  let finish: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const task = async () => {
    running += 1;
    most = Math.max(most, running);
    await gate;
    running -= 1;
    return 'done';
  };
  const all = Array.from({ length: 7 }, () => semaphore.run(task));
  expect(await Promise.all(all.slice(5))).toEqual([undefined, undefined]);
  finish();
  expect(await Promise.all(all.slice(0, 5))).toEqual(Array.from({ length: 5 }, () => ({ value: 'done' })));
  expect(most).toBe(2);
  // A task that fails gives its slot back.
  for (let count = 0; count < 3; count += 1) {
    await expect(semaphore.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  }
  expect(await semaphore.run(async () => 1)).toEqual({ value: 1 });
});
