import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startFakeDokploy } from './fake-dokploy.ts';
import type { FakeDokploy } from './fake-dokploy-state.ts';

const captured = z
  .strictObject({
    source: z.string(),
    answers: z.array(
      z.strictObject({
        method: z.enum(['GET', 'POST']),
        path: z.string(),
        sent: z.string().optional(),
        contentType: z.string().optional(),
        /** What the fake is told, so that it meets the same as the real one did. */
        fault: z.enum(['fails', 'mayNotRead', 'emptyBodies']).optional(),
        status: z.int(),
        body: z.string(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('fixtures/dokploy-wire.json', import.meta.url), 'utf8')));

let fake: FakeDokploy;
beforeAll(async () => {
  const workload = { argv: ['sleep', '600'] };
  fake = await startFakeDokploy([
    { id: 'shop', workload },
    { id: 'project', type: 'compose', workload },
  ]);
});
afterAll(() => fake.close());

test.each(captured.answers)(
  'the fake answers $method $path (sent $sent, $fault) byte for byte as the real adapter did',
  async ({ method, path, sent, contentType = 'application/json', fault, status, body }) => {
    const faults = { ...fake.faults };
    if (fault === 'fails') fake.faults.fails = { call: 'application.stop', message: 'boom' };
    if (fault === 'mayNotRead' || fault === 'emptyBodies') fake.faults[fault] = true;
    const answer = await fetch(`${fake.url}${path}`, {
      method,
      headers: { 'x-api-key': fake.key, 'content-type': contentType },
      ...(sent === undefined ? {} : { body: sent }),
    });
    Object.assign(fake.faults, faults);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      status,
      'application/json',
      body,
    ]);
  },
);

test('a call that nobody has captured is refused and told', async () => {
  const answer = await fetch(`${fake.url}/api/application.delete`, {
    method: 'POST',
    headers: { 'x-api-key': fake.key, 'content-type': 'application/json' },
    body: '{"applicationId":"shop"}',
  });
  expect([answer.status, fake.unknown.at(-1)]).toEqual([404, 'application.delete']);
});
