import { patient } from '../lab/patience.ts';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { importSigningKey, newPrivateJwk, privateJwkSchema, publicPart } from '@barback/shared/wire/keys.ts';
import { enrolmentTyp } from '@barback/shared/wire/enrolment.ts';
import { signJws } from '@barback/shared/wire/jws.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Lab } from '../lab/lab.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { request } from '../support/barback-client.ts';
import { exportedEvents } from '../support/offsite.ts';
import { enrollAgent, enrolmentToken } from '../support/second-host.ts';
import { settledLab } from '../support/settled-lab.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
});
afterAll(() => stop());

interface AgentFile {
  id: string;
  apis: unknown[];
  signingKeyFile: string;
}

async function token(...more: readonly string[]): Promise<string> {
  const file = path.join(lab.dir, 'agent', 'token');
  await writeFile(file, await enrolmentToken(lab, ...more), { mode: 0o600 });
  return file;
}

async function offer(key: string, change: object): Promise<{ status: number; type: string }> {
  const config = parse(await readFile(lab.agent.configFile, 'utf8')) as AgentFile;
  const jwk = privateJwkSchema.parse(JSON.parse(await readFile(config.signingKeyFile, 'utf8')));
  const certificate = await readFile(path.join(lab.dir, 'agent', 'certificate.pem'), 'utf8');
  const whole = { server: 'main', agentId: config.id, agentUrl: lab.agent.url, agentKey: publicPart(jwk), certificate };
  const enrolment = await signJws({ ...whole, ...change }, enrolmentTyp, await importSigningKey(jwk));
  const answer = await request(lab, 'POST', '/v1/enrolments', {
    body: { enrolment },
    headers: { authorization: `Bearer ${key}` },
  });
  return { status: answer.status, type: (answer.json as { type?: string }).type ?? '' };
}

describe('a token of an enrolment', () => {
  test('lets an agent that obeyed no api take its server over, once, with the keys that it has', async () => {
    const file = lab.agent.configFile;
    const config = parse(await readFile(file, 'utf8')) as AgentFile;
    const before = await readFile(config.signingKeyFile, 'utf8');
    await writeFile(file, stringify({ ...config, apis: [] }));
    const given = await token();
    const text = await readFile(given, 'utf8');
    // As after an installation: nothing runs that could answer until the api is known.
    const enrolling = enrollAgent(lab, given);
    await killProgram(lab, 'executor');
    await startProgram(lab, 'executor').catch(() => startProgram(lab, 'executor'));
    const said = await enrolling;
    expect(said.stderr).toBe('');
    expect(said.stdout).toContain('main is enrolled');
    expect((parse(await readFile(file, 'utf8')) as AgentFile).apis).toHaveLength(1);
    expect(await readFile(config.signingKeyFile, 'utf8')).toBe(before);
    await expect(readFile(given)).rejects.toThrow('ENOENT');
    expect((await request(lab, 'GET', '/v1/servers/main')).status).toBe(200);

    await writeFile(given, text);
    const again = await enrollAgent(lab, given);
    expect(again.code).toBe(1);
    expect(again.stdout).toContain('401');
  });

  test('opens nothing else, is for its server alone, and ends by itself', async () => {
    const { key } = JSON.parse(await readFile(await token(), 'utf8')) as { key: string };
    for (const route of ['/v1/servers', '/v1/servers/main', '/v1/runs', '/v1/audit/export']) {
      const answer = await request(lab, 'GET', route, { headers: { authorization: `Bearer ${key}` } });
      expect([route, answer.status]).toEqual([route, 403]);
    }
    expect(await offer(key, { server: 'other' })).toMatchObject({ status: 403 });
    const short = JSON.parse(await readFile(await token('--valid-for', '1s'), 'utf8')) as { key: string };
    await expect.poll(() => offer(short.key, {}), { timeout: patient(10_000) }).toMatchObject({ status: 401 });
  });

  test('gives nothing to whoever lacks the key that is named, or does not answer where it says; and can be used again', async () => {
    const { key } = JSON.parse(await readFile(await token(), 'utf8')) as { key: string };
    const stranger = publicPart(await newPrivateJwk());
    expect(await offer(key, { agentKey: stranger })).toMatchObject({ status: 422 });
    expect(await offer(key, { agentUrl: 'https://127.0.0.1:1' })).toMatchObject({ status: 503 });
    expect(await offer(key, { agentUrl: 'http://127.0.0.1:1' })).toMatchObject({ status: 422 });
    expect(await offer(key, { certificate: 'none' })).toMatchObject({ status: 422 });
    expect(await offer(key, { agentId: 'somebody-else' })).toMatchObject({ status: 502 });
    expect(await offer(key, {})).toMatchObject({ status: 200 });
    expect(await offer(key, {})).toMatchObject({ status: 401 });
    const types = (await exportedEvents(lab)).slice(-6).join('\n');
    expect(types).toContain('server.changed');
    expect(types).not.toContain(key);
  });
});
