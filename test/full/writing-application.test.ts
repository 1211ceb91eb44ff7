import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '@barback/api/clock.ts';
import type { DokployApplication } from '@barback/api/integrations/application-settings.ts';
import { snapshotApplication, startApplication, stopApplication } from '@barback/api/integrations/applications.ts';
import { openIntegrations, usualPace, type Integrations } from '@barback/api/integrations/integrations.ts';
import { openSecrets } from '@barback/api/integrations/secrets.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { startWritingApplication, type WritingApplication } from '../lab/writing-application.ts';
import { settledLab } from '../support/settled-lab.ts';

const never = new AbortController().signal;

let lab: Lab;
let stopLab: () => Promise<void> = async () => {};
let writer: WritingApplication;
let integrations: Integrations;
let application: DokployApplication;
let directory: string;

beforeAll(async () => {
  ({ lab, stop: stopLab } = await settledLab());
  writer = await startWritingApplication(lab);
  directory = await mkdtemp(path.join(tmpdir(), 'barback-writer-'));
  const file = path.join(directory, 'key');
  await writeFile(file, writer.dokploy.key, { mode: 0o600 });
  const pace = { ...usualPace, pollMs: 20, stableMs: 500 };
  integrations = openIntegrations({ secrets: openSecrets({ dokploy: file }), clock: systemClock, pace });
  application = {
    kind: 'dokploy',
    name: 'writer',
    url: writer.dokploy.url,
    secret: 'dokploy',
    service: { type: 'application', id: writer.id },
    role: 'app',
    deadlineSeconds: 20,
  };
});

afterAll(async () => {
  await integrations?.close();
  await writer?.close();
  if (directory !== undefined) await rm(directory, { recursive: true });
  await stopLab();
});

/** Both containers with three connections each. */
function allSessions() {
  return poll('six sessions', 20_000, async () => {
    const now = await writer.sessions();
    return now.length === 6 ? now : undefined;
  });
}

test('the application writes through its pool, and the ledger and the database agree', async () => {
  await writer.written(50);
  await allSessions();
  const verdict = await writer.compare();
  expect([verdict.missing, verdict.present, verdict.unknown]).toEqual([[], [], []]);
  expect(verdict.kept).toBeGreaterThan(50);
});

test('stop ends its sessions in the database, and start brings fresh ones', async () => {
  const given = { plan: newId(Date.now()), application, signal: never };
  const snapshot = await snapshotApplication(integrations, given);
  const before = await writer.sessions();
  expect(await stopApplication(integrations, { ...given, snapshot })).toEqual({ held: true, evidence: 'gone' });
  // A backend sees the end of its client at its next read.
  await poll('no sessions', 5_000, async () => ((await writer.sessions()).length === 0 ? true : undefined));
  const count = await sql(lab.postgres, 'SELECT count(*) FROM ledger');
  expect(await startApplication(integrations, { ...given, snapshot })).toEqual({ running: 2 });
  await writer.written(20);
  const after = await allSessions();
  expect(after.filter(({ pid, started }) => before.some((one) => one.pid === pid && one.started === started))).toEqual(
    [],
  );
  expect(Number(await sql(lab.postgres, 'SELECT count(*) FROM ledger'))).toBeGreaterThan(Number(count));
  const verdict = await writer.compare();
  expect([verdict.missing, verdict.present, verdict.unknown]).toEqual([[], [], []]);
});

test('a Dokploy that only says that it stopped is found out, while the sessions go on', async () => {
  const given = { plan: newId(Date.now()), application: { ...application, deadlineSeconds: 5 }, signal: never };
  const snapshot = await snapshotApplication(integrations, given);
  const { row } = writer.dokploy.service(writer.id);
  writer.dokploy.faults.stopSilentlyFails = true;
  await expect(stopApplication(integrations, { ...given, snapshot })).rejects.toMatchObject({
    problem: { type: 'urn:barback:problem:application-failed', facts: { state: 'running' } },
  });
  writer.dokploy.faults.stopSilentlyFails = false;
  expect(await writer.sessions()).not.toEqual([]);
  expect([row.replicas, row.autoDeploy]).toEqual([0, false]);
  // As the run's inverse puts it back.
  expect(await startApplication(integrations, { ...given, snapshot })).toEqual({ running: 2 });
  expect([row.replicas, row.autoDeploy]).toEqual([2, true]);
});

test('the application outlives a crash of the database: what was told stays, and it goes on by itself', async () => {
  const postmaster = (await readFile(path.join(lab.postgres.dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0];
  const backend = (await allSessions())[0]?.pid ?? 0;
  const { pids } = writer.dokploy.service(writer.id).swarm;
  // The postmaster ends every session and recovers when a backend dies so.
  process.kill(backend, 'SIGKILL');
  await poll('sessions anew', 30_000, async () => {
    const now = await writer.sessions().catch(() => []);
    return now.length === 6 && now.every(({ pid }) => pid !== backend) ? true : undefined;
  });
  await writer.written(20);
  expect(writer.dokploy.service(writer.id).swarm.pids).toEqual(pids);
  expect((await readFile(path.join(lab.postgres.dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0]).toBe(postmaster);
  const verdict = await writer.compare();
  expect([verdict.missing, verdict.present, verdict.unknown]).toEqual([[], [], []]);
});
