import { chmodSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSecrets } from './secrets.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'barback-secrets-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string, mode = 0o600): string {
  const at = join(directory, name);
  writeFileSync(at, content);
  chmodSync(at, mode);
  return at;
}

test('a secret is what its file says when it is used, without the line end', () => {
  const at = file('good', 'first\n');
  const secrets = openSecrets({ good: at });
  expect(secrets.read('good')).toBe('first');
  writeFileSync(at, 'second');
  expect(secrets.read('good')).toBe('second');
  expect(secrets.names).toEqual(['good']);
});

test('a file that others may read, that is missing or is no secret is refused, without a word of its content', () => {
  mkdirSync(join(directory, 'folder'), { mode: 0o700 });
  const secrets = openSecrets({
    open: file('open', 'canary', 0o640),
    lines: file('lines', 'canary\r\nx-other: canary'),
    empty: file('empty', ''),
    large: file('large', 'canary'.repeat(10_000)),
    folder: join(directory, 'folder'),
    missing: join(directory, 'missing'),
  });
  for (const [name, why] of Object.entries({
    open: 'others may read it',
    lines: 'not one line',
    empty: 'not one line',
    large: 'too large',
    folder: 'it is no file',
    missing: 'ENOENT',
    unnamed: 'has no secret unnamed',
    constructor: 'has no secret constructor',
  })) {
    expect(() => secrets.read(name), name).toThrow(why);
    expect(() => secrets.read(name), name).not.toThrow(/canary/);
  }
});
