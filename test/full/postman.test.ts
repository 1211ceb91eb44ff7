import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { endOf, request, resume, startRun, stepOf, type RunBody } from '../support/barback-client.ts';
import { planImport } from '../support/import-client.ts';
import { importScene } from '../support/managed-standby.ts';
import { startProvisioner, type Provisioner } from '../support/provisioner.ts';
import { poll } from '../lab/poll.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let place: string;
let tools: Provisioner;
let application: Server;
/** What it says of itself; null: it ends the connection, as one that warms up. */
let status: string | null = 'ok';
let asked = 0;

const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
const script = [
  "pm.test('is up', () => pm.response.to.have.status(200));",
  "pm.test('is well', () => pm.expect(pm.response.json().status).to.eql('ok'));",
];

beforeAll(async () => {
  ({ lab, stop } = await importScene());
  // newman is an optional program of the operator's: the test brings the version that the fixture is of.
  place = await mkdtemp('/var/tmp/barback-newman-');
  // With the caller's own environment, which says where packages come from.
  const install = ['install', '--no-audit', '--no-fund', '--prefix', place, 'newman@6.2.2'];
  await promisify(execFile)('npm', install, { timeout: 300_000 });
  application = createServer((_request, response) => {
    asked += 1;
    if (status === null) response.destroy();
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ status }));
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  tools = await startProvisioner(lab, '/usr/bin/true');
  await useCollection([
    {
      name: 'health',
      event: [{ listen: 'test', script: { exec: script } }],
      request: { method: 'GET', url: '{{base}}/health' },
    },
  ]);
  const smoke = [{ kind: 'postman', name: 'collection', runner: 'infra', collection: 'smoke', deadlineSeconds: 20 }];
  const set = await request(lab, 'PUT', `/v1/servers/${lab.server}/settings`, { role: 'admin', body: { smoke } });
  if (set.status !== 200) throw new Error(`cannot set the smoke check: ${set.text}`);
});

afterAll(async () => {
  application?.close();
  await stop();
  await rm(place, { recursive: true, force: true });
});

async function useCollection(item: readonly object[], pinned = true): Promise<void> {
  const text = JSON.stringify({ info: { name: 'smoke', schema }, item });
  const [file, environmentFile] = [path.join(place, 'smoke.json'), path.join(place, 'environment.json')];
  await writeFile(file, text);
  const base = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
  await writeFile(
    environmentFile,
    JSON.stringify({ name: 'lab', values: [{ key: 'base', value: base, enabled: true }] }),
  );
  const sha256 = pinned ? createHash('sha256').update(text).digest('hex') : '0'.repeat(64);
  const program = path.join(place, 'node_modules', '.bin', 'newman');
  await tools.configureAll({ collections: { smoke: { program, file, sha256, environmentFile } } });
}

async function imported(): Promise<RunBody> {
  return endOf(lab, (await startRun(lab, await planImport(lab))).id);
}

test('a collection is run when the database is open again, also by an application that warms up, and its report is kept', async () => {
  status = null;
  asked = 0;
  const run = startRun(lab, await planImport(lab));
  await poll('a request without an answer', 120_000, () => (asked > 1 ? true : undefined));
  status = 'ok';
  const ended = await endOf(lab, (await run).id);
  expect(ended.state, JSON.stringify(ended.problem)).toBe('succeeded');
  const { result } = stepOf(ended, 'smoke-collection');
  expect(result).toMatchObject({ assertions: 2, failed: [], unanswered: 0 });
  expect((result as { attempts: number }).attempts).toBeGreaterThan(1);
  expect((result as { junit: string }).junit).toContain('<testcase name="is well"');
});

test('an assertion that fails stops for a person, and is asked again when he says so', async () => {
  status = 'bad';
  const run = await imported();
  expect([run.state, run.problem?.type]).toEqual(['needs_operator', 'urn:barback:problem:smoke-failed']);
  expect(run.problem?.detail).toContain("is well: expected 'bad' to deeply equal 'ok'");
  status = 'ok';
  await resume(lab, run.id);
  await poll('its end', 120_000, async () =>
    ((await request(lab, 'GET', `/v1/runs/${run.id}`)).json as RunBody).state === 'succeeded' ? true : undefined,
  );
});

test.for([
  ['asks for nothing', 'asks for nothing', [], true],
  ['is not the pinned one', 'not the pinned one', [{ request: { method: 'GET', url: 'http://127.0.0.1:1' } }], false],
] as const)('a collection that %s fails the run before anything is touched', async ([, words, item, pinned]) => {
  await useCollection(item, pinned);
  const run = await imported();
  expect([run.state, run.problem?.type]).toEqual(['failed', 'urn:barback:problem:smoke-failed']);
  expect(run.problem?.detail).toContain(words);
  expect(stepOf(run, 'prepare').state).toBe('skipped');
});
