import { expect, test } from 'vitest';
import { negotiate, withoutTextEnding } from './negotiate.ts';

test.each([
  ['/v1/runs', undefined, 'json'],
  ['/v1/runs', '', 'json'],
  ['/v1/runs', '*/*', 'json'],
  ['/v1/runs', 'application/json', 'json'],
  ['/v1/runs', 'text/plain', 'text'],
  ['/v1/runs', 'TEXT/PLAIN; charset=utf-8', 'text'],
  ['/v1/runs', 'text/html, text/plain;q=0.5', 'text'],
  ['/v1/runs', 'application/json;q=0.1, text/plain;q=0.9', 'text'],
  ['/v1/runs', 'text/plain;q=0.2, */*', 'json'],
  ['/v1/runs.txt', 'application/json', 'text'],
  ['/v1/runs', 'text/html', null],
  ['/v1/runs', 'application/json;q=0', null],
  ['/v1/runs', 'application/json;q=9', null],
  ['/v1/runs', '__proto__', null],
])('%s with Accept %s is written as %s', (path, accept, expected) => {
  expect(negotiate(path, accept)).toBe(expected);
});

test('the ending that asks for text is no part of the path', () => {
  expect([withoutTextEnding('/v1/runs.txt'), withoutTextEnding('/v1/txt')]).toEqual(['/v1/runs', '/v1/txt']);
});
