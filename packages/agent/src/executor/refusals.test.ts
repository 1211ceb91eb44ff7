import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Refusals } from './refusals.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-refusals-'));
  file = path.join(directory, 'refusals.jsonl');
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function lines(): Promise<Record<string, unknown>[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a flood without signature is one line each up to a bound, then one line with their number', async () => {
  const refusals = new Refusals(file, 50);
  for (let count = 0; count < 1000; count += 1) await refusals.unauthenticated('x'.repeat(count));
  const deadline = Date.now() + 5_000;
  let summed = 0;
  while (summed < 1000 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    summed = (await lines()).reduce((sum, line) => sum + ((line['suppressed'] as number | undefined) ?? 1), 0);
  }
  expect(summed).toBe(1000);
  expect((await lines()).length).toBeLessThan(200);
});

test('what arrived without signature is never written, so the record can carry no secret and no control characters', async () => {
  const refusals = new Refusals(file);
  await refusals.unauthenticated('password=\u001b[31mhunter2');
  await refusals.unauthenticated('!too-large');
  expect(await lines()).toMatchObject([
    { refused: 'invalid-token', authentic: false, bytes: 21 },
    { note: 'too-large' },
  ]);
  expect(await readFile(file, 'utf8')).not.toContain('hunter2');
});

test('an authentic refusal names who asked for what, in a private file', async () => {
  const names = { token: 't', issuer: 'api-1', jti: 'j', op: 'scratch-discard', opid: 'o' };
  await new Refusals(file).authentic('kid', names, problem('fence-stale', 'old'));
  expect(await lines()).toMatchObject([
    {
      refused: 'fence-stale',
      authentic: true,
      kid: 'kid',
      issuer: 'api-1',
      jti: 'j',
      op: 'scratch-discard',
      opid: 'o',
    },
  ]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});
