import { expect, test } from 'vitest';
import { jsonPathPattern, valueAt } from './json-path.ts';

const value = { status: 'UP', parts: [{ up: true }, { up: false }], 'a b': null, constructor: 1 };

test('a path names one value, or none', () => {
  expect(valueAt(value, '$')).toBe(value);
  expect(valueAt(value, '$.status')).toBe('UP');
  expect(valueAt(value, '$.parts[1].up')).toBe(false);
  expect(valueAt(value, "$['a b']")).toBeNull();
  for (const path of ['$.nothing', '$.parts[2]', '$.status[0]', '$.status.length', '$.parts.length', '$.toString']) {
    expect([path, valueAt(value, path)]).toEqual([path, undefined]);
  }
});

test('only paths that name one place are accepted', () => {
  for (const path of ['$', '$.a', '$.a[0]', "$['x y'].b"]) expect(path).toMatch(jsonPathPattern);
  for (const path of ['', 'a', '$..a', '$.*', '$[?(@.a)]', '$.a[-1]', "$['']", '$.a ']) {
    expect(path).not.toMatch(jsonPathPattern);
  }
});
