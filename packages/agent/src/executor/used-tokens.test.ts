import { expect, test } from 'vitest';
import { UsedTokens } from './used-tokens.ts';

test('a token is fresh once, until it has expired and its window would refuse it', () => {
  const used = new UsedTokens();
  expect([used.use('a', 100, 40), used.use('a', 100, 99), used.use('b', 160, 99)]).toEqual(['fresh', 'used', 'fresh']);
  expect(used.use('a', 200, 101)).toBe('fresh');
});

test('a full store refuses, and never forgets a token that could still be replayed', () => {
  const used = new UsedTokens(3);
  for (const id of ['a', 'b', 'c']) expect(used.use(id, 100, 40)).toBe('fresh');
  expect(used.use('d', 100, 50)).toBe('full');
  expect(used.use('a', 100, 50)).toBe('used');
  expect(used.use('d', 160, 100)).toBe('fresh');
});
