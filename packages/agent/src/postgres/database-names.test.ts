import { newId } from '@barback/shared/wire/identifiers.ts';
import { expect, test } from 'vitest';
import { besideDatabase, isBeside } from './database-names.ts';

const plan = newId(1_795_000_000_000);

test('a database beside another bears its name and the plan', () => {
  expect(besideDatabase('shop', 'before', plan)).toBe(`shop_before_${plan}`);
  expect(isBeside(besideDatabase('shop', 'import', plan))).toBe(true);
});

test('a long name gives up whole characters of its end, and keeps the plan', () => {
  const name = besideDatabase('ü'.repeat(31), 'before', plan);
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
  expect(name).toMatch(new RegExp(`^ü+_before_${plan}$`));
});

test('a name that only looks like one is nobody else’s', () => {
  expect(isBeside('shop_before_christmas')).toBe(false);
  expect(isBeside(`shop_behind_${plan}`)).toBe(false);
  expect(isBeside('postgres')).toBe(false);
});
