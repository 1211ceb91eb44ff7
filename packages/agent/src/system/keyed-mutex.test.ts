import { expect, test } from 'vitest';
import { KeyedMutex } from './keyed-mutex.ts';

test('tasks of one key run one after the other in order, even when one fails; other keys do not wait', async () => {
  const mutex = new KeyedMutex();
  const seen: string[] = [];
  let release: () => void = () => undefined;
  const first = mutex.run('a', async () => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    seen.push('first');
    throw new Error('failed');
  });
  const second = mutex.run('a', async () => seen.push('second'));
  await mutex.run('b', async () => seen.push('other'));
  release();
  await expect(first).rejects.toThrow('failed');
  await second;
  expect(seen).toEqual(['other', 'first', 'second']);
});
