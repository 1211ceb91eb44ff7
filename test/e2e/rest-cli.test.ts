import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { publicJwkSchema } from '@barback/shared/wire/keys.ts';
import { stringify } from 'yaml';
import { z } from 'zod';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startFakeAgent, type FakeAgent } from '../support/fake-agent.ts';
import { selfSigned } from '../support/self-signed.ts';

const main = fileURLToPath(new URL('../../packages/api/src/main.ts', import.meta.url));
const identitySchema = z.strictObject({ id: z.string(), publicKey: publicJwkSchema });

let directory: string;
let agent: FakeAgent | undefined;
let api: ChildProcessWithoutNullStreams | undefined;
const at = (name: string): string => path.join(directory, name);

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-cli-'));
  await configure({ listen: { port: 0 } });
});
afterEach(async () => {
  if (api?.exitCode === null) {
    api.kill('SIGKILL');
    await once(api, 'exit');
  }
  await agent?.close();
  await rm(directory, { recursive: true });
  [agent, api] = [undefined, undefined];
});

async function configure(more: object): Promise<void> {
  const configuration = { database: at('api.db'), signingKeyFile: at('key.json'), logLevel: 'warn', ...more };
  await writeFile(at('api.yaml'), stringify(configuration));
}

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...words]);
  child.stdin.end();
  const exited = once(child, 'exit') as Promise<[number]>;
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, out, err };
}

const local = (...words: string[]): ReturnType<typeof run> => run(...words, '--config', at('api.yaml'));

async function serve(): Promise<string> {
  const child = spawn(process.execPath, [main, 'serve', '--config', at('api.yaml')]);
  api = child;
  child.stderr.resume();
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return z.strictObject({ listening: z.url() }).parse(JSON.parse(line.toString('utf8'))).listening;
}

async function stopped(): Promise<number | null> {
  if (!api) throw new Error('the api was not started');
  const exit = once(api, 'exit');
  api.kill('SIGTERM');
  return ((await exit) as [number | null])[0];
}

async function enrol(): Promise<FakeAgent> {
  const identity = identitySchema.parse(JSON.parse((await local('init')).out));
  agent = await startFakeAgent(identity);
  await writeFile(at('agent-key.json'), JSON.stringify(agent.publicKey));
  await writeFile(at('agent.pem'), agent.certificate);
  return agent;
}

const add = (url: string, agentId = 'fake-agent'): ReturnType<typeof run> => {
  const files = ['--agent-key', at('agent-key.json'), '--agent-certificate', at('agent.pem')];
  return local('servers', 'add', 'main', '--agent-url', url, '--agent-id', agentId, '--rto', '15m', ...files);
};

test('from nothing to an answer over TLS 1.3: init, servers add, keys create, serve, verify', async () => {
  const { url } = await enrol();
  expect((await stat(at('key.json'))).mode & 0o777).toBe(0o600);
  expect(await add(url)).toMatchObject({ code: 0, out: expect.stringContaining('verified') as string });
  const key = (await local('keys', 'create', '--role', 'operator', '--name', 'ada')).out.trim();
  const tls = selfSigned();
  await writeFile(at('tls.pem'), tls.certificate);
  await writeFile(at('tls.key'), tls.key);
  await configure({ listen: { port: 0, tls: { certificateFile: at('tls.pem'), keyFile: at('tls.key') } } });
  const base = await serve();
  expect(base).toMatch(/^https:/);
  const ask = async (where: string, maxVersion?: 'TLSv1.2'): Promise<{ status: number; body: string }> => {
    const options = { ca: tls.certificate, headers: { authorization: `Bearer ${key}` }, agent: false as const };
    const sent = request(`${base}${where}`, maxVersion === undefined ? options : { ...options, maxVersion }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: await text(response) };
  };
  const servers = await ask('/v1/servers');
  expect(JSON.parse(servers.body)).toMatchObject({ servers: [{ name: 'main', settings: { rtoSeconds: 900 } }] });
  await expect(ask('/v1/servers', 'TLSv1.2')).rejects.toThrow(/alert protocol version|EPROTO|handshake/i);
  await writeFile(at('audit.jsonl'), (await ask('/v1/audit/export')).body);
  const verified = await run('audit', 'verify', at('audit.jsonl'));
  expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/^intact: 3 events/) as string });
  const head = /head (\S+)/.exec(verified.out)?.[1] ?? '';
  const log = await readFile(at('audit.jsonl'), 'utf8');
  await writeFile(at('audit.jsonl'), log.split('\n').slice(0, 2).join('\n'));
  expect((await run('audit', 'verify', at('audit.jsonl'), '--head', head)).code).toBe(1);
  expect(await stopped()).toBe(0);
  expect((await local('audit', 'export')).out).toBe(log);
});

test('init is safe to repeat: id and key stay what agents were configured with', async () => {
  const first = (await local('init')).out;
  expect((await local('init')).out).toBe(first);
});

test('an agent that does not know this api, or is another one, is not stored, and the operator is told what to configure', async () => {
  const { url } = await enrol();
  const wrong = await add(url, 'another-agent');
  expect(wrong.code).toBe(1);
  expect(wrong.err).toContain('"publicKey"');
  expect((await add('https://127.0.0.1:1')).code).toBe(1);
  expect((await add('http://127.0.0.1:1')).code).toBe(2);
  const events = (await local('audit', 'export')).out.trimEnd().split('\n');
  expect(events).toHaveLength(1);
});

test('a second api of the same database is refused, and small commands still work beside the first', async () => {
  await local('init');
  await serve();
  const second = await local('serve');
  expect(second).toMatchObject({ code: 1, err: expect.stringContaining('another process holds') as string });
  expect((await local('keys', 'create', '--role', 'viewer', '--name', 'x')).code).toBe(0);
  expect(await stopped()).toBe(0);
});

test('a signing key that others may read, a missing one and an unknown option are refused with what to do', async () => {
  expect(await local('serve')).toMatchObject({ code: 1, err: expect.stringContaining('init') as string });
  expect(await local('keys', 'list', '--force')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Usage') as string,
  });
  expect((await run('nothing')).code).toBe(2);
  expect((await run('--help')).code).toBe(0);
});

test('a copy of the database that was made while the api ran is put back with its whole log, and replaces none that exists', async () => {
  await local('init');
  await local('keys', 'create', '--role', 'viewer', '--name', 'before');
  const url = await serve();
  const copied = await local('database', 'copy', '--to', at('copy.db'));
  expect([copied.code, copied.err]).toEqual([0, '']);
  expect((await stat(at('copy.db'))).mode & 0o777).toBe(0o600);
  expect((await local('database', 'restore', at('copy.db'))).err).toContain('move it away first');
  expect(await fetch(`${url}/readyz`).then((answer) => answer.status)).toBe(200);
  const gone = once(api ?? fail(), 'exit');
  api?.kill('SIGKILL');
  await gone;
  api = undefined;
  for (const name of ['api.db', 'api.db-wal', 'api.db-shm']) await rm(at(name), { force: true });
  const restored = await local('database', 'restore', at('copy.db'));
  expect([restored.code, restored.err]).toEqual([0, '']);
  expect(restored.out).toMatch(/^restored: \d+ events of log /);
  const listed = await local('keys', 'list');
  expect(listed.out).toContain('before');
});

test('a damaged copy of the database is not taken for one', async () => {
  await local('init');
  await local('database', 'copy', '--to', at('copy.db'));
  const bytes = await readFile(at('copy.db'));
  bytes.fill(0, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 8_192);
  await writeFile(at('copy.db'), bytes);
  await rm(at('api.db'));
  const restored = await local('database', 'restore', at('copy.db'));
  expect(restored.code).toBe(1);
  expect(restored.err).not.toBe('');
});

function fail(): never {
  throw new Error('there is no api');
}
