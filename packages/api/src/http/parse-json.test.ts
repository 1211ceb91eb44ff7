import { describe, expect, test } from 'vitest';
import { parseJson } from './parse-json.ts';

const parse = (text: string): unknown => parseJson(new TextEncoder().encode(text));

describe('the body of a request', () => {
  test.each([
    '{}',
    '[]',
    '{"a":[{"a":1},{"a":2}],"b":"x"}',
    '"\\ud83d\\ude00"',
    '{"a":"{\\"b\\":1}","b":"}]"}',
    ' {"a" : -0 } ',
  ])('is read as JSON: %s', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  test.each([
    ['a trailing comma', '{"a":1,}'],
    ['NaN', '{"a":NaN}'],
    ['a comment', '{"a":1}//'],
    ['single quotes', "{'a':1}"],
    ['half a text', '{"a":"b'],
    ['two values', '{}{}'],
    ['the same key twice', '{"a":1,"a":2}'],
    ['the same key twice, spelled differently', '{"a":1,"\\u0061":2}'],
    ['the same key twice, with white space before the colon', '{"a":1,"a" \n:2}'],
    ['the same key twice deep inside', '{"x":[{"a":1,"b":{},"a":2}]}'],
    ['half of a surrogate pair', '{"a":"\\ud800"}'],
    ['half of a surrogate pair in a key', '{"\\ud800":1}'],
    ['more than 32 levels', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['closing brackets only', ']]]]'],
    ['a byte order mark', '\ufeff{}'],
    ['a control character in a string', '{"a":"\n"}'],
  ])('is refused with %s', (_, text) => {
    expect(() => parse(text)).toThrow(/Cannot read the body/);
  });

  test('is refused when it is not UTF-8', () => {
    expect(() => parseJson(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(/UTF-8/);
    expect(() => parseJson(Buffer.from('{}', 'utf16le'))).toThrow(/Cannot read/);
  });

  test('is never quoted in the refusal', () => {
    let said = '';
    try {
      parse('{"password": hunter2}');
    } catch (error) {
      said = String(error);
    }
    expect(said).toMatch(/Cannot read the body/);
    expect(said).not.toContain('hunter2');
  });

  test('is read in time that grows with its size only', () => {
    const begin = process.hrtime.bigint();
    for (const text of [
      '"'.repeat(500_000),
      `"${'\\'.repeat(500_000)}`,
      '{"a":'.repeat(100_000),
      ' '.repeat(900_000),
    ]) {
      expect(() => parse(text)).toThrow(/Cannot read/);
    }
    expect(parse(`{${Array.from({ length: 50_000 }, (_, n) => `"k${n}":${n}`).join()}}`)).toHaveProperty('k49999');
    expect(Number(process.hrtime.bigint() - begin) / 1e6).toBeLessThan(10_000);
  });
});
