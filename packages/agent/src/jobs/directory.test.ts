import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createExclusive } from '../system/files.ts';
import { processIdentity } from '../system/process-table.ts';
import { JobDirectory } from './directory.ts';
import type { JobSpec } from './files.ts';

const opid = '01hzzzzzzzzzzzzzzzzzzzzzzj';
let state: string;
let jobs: JobDirectory;

beforeEach(async () => {
  state = await mkdtemp(path.join(tmpdir(), 'barback-jobs-'));
  jobs = new JobDirectory(state);
  await jobs.open();
});
afterEach(async () => rm(state, { recursive: true, force: true }));

const spec: JobSpec = {
  format: 1,
  opid,
  op: 'scratch-recover',
  params: { server: 'main' },
  plan: '01hzzzzzzzzzzzzzzzzzzzzzza',
  step: 'recover',
  attempt: 1,
  fence: 1,
  serverName: 'main',
  acceptedAt: 1,
  digest: 'd',
};

test('of many claims of one opid exactly one succeeds, complete, and nothing of the others is left', async () => {
  const claims = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      jobs.claim({ ...spec, attempt: index + 1 }, 'request', `receipt-${index}`),
    ),
  );
  expect(claims.filter(Boolean)).toHaveLength(1);
  const winner = claims.indexOf(true);
  expect(await jobs.view(opid)).toMatchObject({ state: 'accepted', firstReceipt: `receipt-${winner}` });
  expect((await jobs.spec(opid))?.attempt).toBe(winner + 1);
  expect(await readdir(path.join(state, 'jobs'))).toEqual([opid]);
  for (const name of ['request.jws', 'spec.json', 'receipt.jws']) {
    expect((await stat(path.join(jobs.pathOf(opid), name))).mode & 0o777).toBe(0o600);
  }
});

test('what a crash in the middle of a claim left is cleared, and is no job', async () => {
  await mkdir(path.join(state, 'jobs', `.claim-${opid}-abc`));
  await writeFile(path.join(state, 'jobs', `.claim-${opid}-abc`, 'request.jws'), 'half');
  expect(await jobs.list()).toEqual([]);
  await jobs.open();
  expect(await readdir(path.join(state, 'jobs'))).toEqual([]);
});

test('a job runs as long as exactly its runner does: a process that got the same number is not it', async () => {
  await jobs.claim(spec, 'request', 'receipt');
  const runner = await processIdentity(process.pid);
  if (!runner) throw new Error('this process has no identity');
  const started = path.join(jobs.pathOf(opid), 'started.json');
  await createExclusive(started, JSON.stringify({ startedAt: 2, runner }));
  expect(await jobs.view(opid)).toMatchObject({ state: 'running', startedAt: 2 });
  for (const other of [{ startTime: '1' }, { bootId: 'of another boot' }]) {
    await writeFile(started, JSON.stringify({ startedAt: 2, runner: { ...runner, ...other } }));
    expect(await jobs.view(opid)).toMatchObject({ state: 'lost', problem: { status: 502 } });
  }
});

test('a job that is barred never begins, and one that has begun cannot be barred', async () => {
  await jobs.claim(spec, 'request', 'receipt');
  const why = problem('job-lost', 'not started');
  expect(await jobs.bar(opid, why)).toBe(true);
  expect(await createExclusive(path.join(jobs.pathOf(opid), 'started.json'), '{}')).toBe(false);
  expect(await jobs.bar(opid, why)).toBe(false);
  expect(await jobs.view(opid)).toMatchObject({ state: 'failed', problem: why, startedAt: null });
});

test('only an identifier names a job', () => {
  for (const name of ['..', '../fences', '', 'a/b', opid.toUpperCase()]) {
    expect(() => jobs.pathOf(name)).toThrow('as the name of a job');
  }
});

test('the directory of a job of an unknown format is reported and left alone', async () => {
  await mkdir(jobs.pathOf(opid));
  await writeFile(path.join(jobs.pathOf(opid), 'spec.json'), JSON.stringify({ ...spec, format: 2 }));
  await expect(jobs.view(opid)).rejects.toThrow('unknown format');
});
