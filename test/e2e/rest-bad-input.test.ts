import { problemSchema } from '@barback/shared/wire/problem.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiRig, type ApiRig, type Asked } from '../support/api-rig.ts';

const drill = { server: 'main', scenario: 'drill', target: { type: 'latest' } };
const time = (text: unknown): object => ({ ...drill, target: { type: 'time', time: text } });
const probe = (more: object): object => ({
  ...drill,
  options: { probes: [{ name: 'p', database: 'd', sql: 'SELECT 1', ...more }] },
});
const id = '01m83wec9s5hpknax5fqgkq4z2';

let api: ApiRig;
beforeAll(async () => {
  api = await openApiRig();
});
afterAll(async () => {
  await api.close();
});

type Case = readonly [name: string, status: number, type: string, asked: Asked, method?: string, path?: string];

const text = (raw: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Asked => ({ raw, headers });

const cases: readonly Case[] = [
  ['X1 no key', 401, 'invalid-token', { as: null, body: drill }],
  ['X17 a key in the query', 401, 'invalid-token', { as: null }, 'GET', `/v1/servers?key=bbk_${'a'.repeat(43)}`],
  [
    'X17 a key in a cookie',
    401,
    'invalid-token',
    { as: null, headers: { cookie: `key=bbk_${'a'.repeat(43)}` } },
    'GET',
    '/v1/servers',
  ],
  [
    'another scheme',
    401,
    'invalid-token',
    { as: null, headers: { authorization: 'Basic YTpi' } },
    'GET',
    '/v1/servers',
  ],
  ['a key that is none', 401, 'invalid-token', { key: 'bbk_x' }, 'GET', '/v1/servers'],
  ['an unknown path without a key', 401, 'invalid-token', { as: null }, 'GET', '/nothing'],
  ['X20 an unknown path', 404, 'not-found', {}, 'GET', '/v1/nothing'],
  ['X20 an unknown method', 405, 'method-not-allowed', {}, 'PUT', '/v1/plans'],
  ['X19 an empty path segment', 404, 'not-found', {}, 'GET', '/v1//servers'],
  [
    'X21 a method override',
    405,
    'method-not-allowed',
    { headers: { 'x-http-method-override': 'GET' } },
    'DELETE',
    '/v1/plans',
  ],
  ['X22 too large a body', 413, 'payload-too-large', text(`{"a":"${'x'.repeat(1_100_000)}"}`)],
  ['X23 no JSON type', 415, 'unsupported-media-type', text('{}', { 'content-type': 'text/plain' })],
  ['X23 a form', 415, 'unsupported-media-type', text('a=b', { 'content-type': 'application/x-www-form-urlencoded' })],
  [
    'X23 another character set',
    415,
    'unsupported-media-type',
    text('{}', { 'content-type': 'application/json; charset=utf-16' }),
  ],
  ['X15 a compressed body', 415, 'unsupported-media-type', text('{}', { 'content-encoding': 'gzip' })],
  ['X24 broken JSON', 400, 'malformed-json', text('{"server":')],
  ['X24 a repeated key', 400, 'malformed-json', text('{"server":"main","server":"other"}')],
  ['X24 deep nesting', 400, 'malformed-json', text('['.repeat(5000))],
  ['X24 bytes that are no UTF-8', 400, 'malformed-json', text(new Uint8Array([0x7b, 0xff, 0x7d]))],
  ['no body', 422, 'validation-failed', {}],
  ['a body that is no object', 422, 'validation-failed', text('[]')],
  ['X25 an unknown field', 422, 'validation-failed', { body: { ...drill, approved: true } }],
  [
    'X25 __proto__',
    422,
    'validation-failed',
    text('{"server":"main","scenario":"drill","target":{"type":"latest"},"__proto__":{"x":1}}'),
  ],
  ['X25 constructor', 422, 'validation-failed', { body: { ...drill, constructor: {} } }],
  ['X25 an unknown field inside', 422, 'validation-failed', { body: { ...drill, options: { force: true } } }],
  ['X26 a number as a text', 422, 'validation-failed', { body: { ...drill, options: { bandwidthKBps: '1' } } }],
  ['X26 a fraction', 422, 'validation-failed', { body: { ...drill, options: { bandwidthKBps: 1.5 } } }],
  ['X26 2^53', 422, 'validation-failed', { body: { ...drill, options: { bandwidthKBps: 2 ** 53 } } }],
  ...['--help', '-e sh', '-oProxyCommand=x', '../main', 'main\n', 'Main', '', 'a'.repeat(64), 'm/../n'].map(
    (server): Case => [
      `X27 the server ${JSON.stringify(server)}`,
      422,
      'validation-failed',
      { body: { ...drill, server } },
    ],
  ),
  ...['--help', 'latest', '20261122T120000;x', '../20261122T120000', '20261122T12000\u0660'].map(
    (backup): Case => [
      `X27 the backup ${JSON.stringify(backup)}`,
      422,
      'validation-failed',
      { body: { ...drill, backup } },
    ],
  ),
  ['X28 a backup that Barman has not', 404, 'backup-not-found', { body: { ...drill, backup: '20200101T000000' } }],
  ...[
    '2026-11-22T12:00:00',
    'now',
    'yesterday',
    '2026-02-30T00:00:00Z',
    '10000-01-01T00:00:00Z',
    '2026-11-22 12:00:00Z',
    '2026-11-22T12:00:60Z',
    "2026-11-22T12:00:00Z'\nrestore_command='x",
    '2026-11-22T12:00:00.1234567Z',
  ].map((value): Case => [`X30 the time ${JSON.stringify(value)}`, 422, 'validation-failed', { body: time(value) }]),
  ['X30 a time that is a number', 422, 'validation-failed', { body: time(1) }],
  [
    'X31 two targets',
    422,
    'validation-failed',
    { body: { ...drill, target: { type: 'latest', time: '2026-11-22T12:00:00Z' } } },
  ],
  ['X31 an unknown target', 422, 'validation-failed', { body: { ...drill, target: { type: 'branch', name: 'x' } } }],
  ['X32 a path', 422, 'validation-failed', { body: { ...drill, destination: '/var/lib/postgresql' } }],
  ['X36 a database with a quote', 422, 'validation-failed', { body: probe({ database: 'postgres"; DROP' }) }],
  ['a probe with a line break in its name', 422, 'validation-failed', { body: probe({ name: 'a\nb' }) }],
  ['a probe without SQL', 422, 'validation-failed', { body: probe({ sql: '' }) }],
  ['a hold of three days', 422, 'validation-failed', { body: { ...drill, options: { hold: '72h' } } }],
  [
    'X41 an Idempotency-Key with spaces',
    422,
    'validation-failed',
    { body: drill, headers: { 'idempotency-key': 'a b' } },
  ],
  [
    'X45 another plan than the one named',
    404,
    'not-found',
    { headers: { 'if-match': '"x"' } },
    'POST',
    `/v1/plans/${id}/runs`,
  ],
  ['an id that is none', 422, 'validation-failed', {}, 'GET', '/v1/plans/..%2f..%2fetc'],
  ['a body where none belongs', 422, 'validation-failed', { body: { force: true } }, 'POST', `/v1/plans/${id}/runs`],
  [
    'X55 a note of 3,000 characters',
    422,
    'validation-failed',
    { body: { note: 'x'.repeat(3000) } },
    'POST',
    `/v1/runs/${id}/resume`,
  ],
  [
    'a gate with a path in its name',
    422,
    'validation-failed',
    { body: { decision: 'x' } },
    'POST',
    `/v1/runs/${id}/gates/..%2fx`,
  ],
  [
    'an approval without a hash',
    422,
    'validation-failed',
    { as: 'approver', body: {} },
    'POST',
    `/v1/plans/${id}/approvals`,
  ],
  ['X58 limit -1', 422, 'validation-failed', {}, 'GET', '/v1/runs?limit=-1'],
  ['X58 limit 1e9', 422, 'validation-failed', {}, 'GET', '/v1/runs?limit=1000000000'],
  ['X58 a cursor of another kind', 422, 'validation-failed', {}, 'GET', '/v1/audit?after=abc'],
  ['an unknown parameter', 422, 'validation-failed', {}, 'GET', '/v1/runs?foo=1'],
  ['a parameter twice', 422, 'validation-failed', {}, 'GET', '/v1/runs?limit=1&limit=2'],
  ['a state that is none', 422, 'validation-failed', {}, 'GET', '/v1/runs?state=done'],
  ['X59 HTML', 406, 'not-acceptable', { headers: { accept: 'text/html' } }, 'GET', '/v1/servers'],
];

describe('bad input is refused with its type, and changes nothing but the record of the refusal:', () => {
  test.each(cases.map((one) => [one[0], one] as const))('%s', async (_, one) => {
    const [, status, type, asked, method = 'POST', path = '/v1/plans'] = one;
    const answer = await api.ask(method, path, asked);
    expect(problemSchema.parse(answer.json)).toMatchObject({ status, type: `urn:barback:problem:${type}` });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const count = api.rig.database.sqlite.prepare('SELECT count(*) FROM plans').pluck().get();
    expect(count).toBe(0);
  });

  test('a fault is named by its JSON pointer, and every fault at once', async () => {
    const { json } = await api.ask('POST', '/v1/plans', { body: { server: 'x y', scenario: 'drill', 'a/b~c': 1 } });
    const { errors } = (json as { facts: { errors: { pointer: string }[] } }).facts;
    expect(errors.map((error) => error.pointer).toSorted()).toEqual(['/a~1b~0c', '/server', '/target']);
  });

  test('X54 what came in is never written to a terminal as it was', async () => {
    const evil = '\u001b[31m\u202e\u2028\u0007';
    const { text: said } = await api.ask('POST', '/v1/plans', {
      body: { ...drill, [evil]: 1, server: evil },
      headers: { accept: 'text/plain' },
    });
    expect(said).toMatch(/^422 /);
    // eslint-disable-next-line no-control-regex -- control characters are what this is about
    expect(said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028]/);
  });

  test('X61 naughty strings of 50 kB are refused at once in every field', async () => {
    for (const evil of ['a'.repeat(50_000), '-'.repeat(50_000), '\\'.repeat(50_000), '0'.repeat(50_000)]) {
      const options = { hold: evil, acknowledge: [evil], probes: [{ name: evil, database: evil, sql: evil }] };
      const body = { server: evil, scenario: evil, backup: evil, target: { type: 'time', time: evil }, options };
      expect((await api.ask('POST', '/v1/plans', { body })).status).toBe(422);
    }
  });

  test('X60 a flood of wrong keys is told to wait, while a good key is answered', async () => {
    let last = 0;
    for (let time = 0; time < 250; time += 1) last = (await api.ask('GET', '/v1/servers', { as: null })).status;
    expect(last).toBe(429);
    expect((await api.ask('GET', '/v1/servers')).status).toBe(200);
  });
});

describe('what is not about any resource', () => {
  test('health needs no key and says nothing of any server', async () => {
    expect((await api.ask('GET', '/healthz', { as: null })).json).toEqual({ status: 'ok' });
    expect((await api.ask('GET', '/readyz', { as: null })).json).toEqual({ status: 'ready' });
  });

  test('HEAD answers like GET without a body', async () => {
    const head = await api.ask('HEAD', '/v1/servers');
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test('every resource is text where text is asked for', async () => {
    for (const path of [
      '/v1/servers',
      '/v1/servers/main',
      '/v1/servers/main/backups',
      '/v1/plans',
      '/v1/runs',
      '/v1/audit',
    ]) {
      const ending = await api.ask('GET', `${path}.txt`);
      const header = await api.ask('GET', path, { headers: { accept: 'text/plain' } });
      expect([path, ending.status, ending.headers.get('content-type')]).toEqual([
        path,
        200,
        'text/plain; charset=utf-8',
      ]);
      expect(header.status).toBe(200);
    }
  });
});
