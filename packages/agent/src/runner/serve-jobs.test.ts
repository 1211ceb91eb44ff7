import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobResult } from '../jobs/files.ts';
import { createExclusive } from '../system/files.ts';
import { assignmentFile } from './await-job.ts';
import { serveJobs } from './serve-jobs.ts';

const opids = ['01hzzzzzzzzzzzzzzzzzzzzzza', '01hzzzzzzzzzzzzzzzzzzzzzzb'];
const succeeded: JobResult = { state: 'succeeded', result: {}, endedAt: 1 };
const failed: JobResult = { state: 'failed', problem: problem('internal', 'it failed'), endedAt: 1 };

let state: string;
let directory: string;
beforeEach(async () => {
  state = await mkdtemp(path.join(tmpdir(), 'barback-serve-'));
  directory = path.join(state, 'standby', 'a');
  await mkdir(directory, { recursive: true });
});
afterEach(async () => rm(state, { recursive: true, force: true }));

const give = (opid: string) => createExclusive(path.join(directory, assignmentFile), opid, {}, false);
const standby = (executor = process.ppid) => ({ directory, stateDirectory: state, executor });

/** Gives each next job while the one before it is carried out; what it is told of that is in `given`. */
async function serve(outcomes: readonly (JobResult | undefined)[], executor?: number) {
  const done: string[] = [];
  const whileBusy: boolean[] = [];
  await give(opids[0] ?? '');
  await serveJobs(standby(executor), async (job) => {
    done.push(path.basename(job));
    whileBusy.push(await give(opids[1] ?? '').catch(() => false));
    if (done.length < outcomes.length) void giveWhenItWaits();
    return outcomes[done.length - 1];
  });
  return { done, whileBusy };
}

async function giveWhenItWaits(): Promise<void> {
  while (!(await give(opids[1] ?? '').catch(() => false)));
}

test('a runner that has carried out a job gets the next one, and none while it works', async () => {
  expect(await serve([succeeded, failed])).toEqual({ done: opids, whileBusy: [false, false] });
});

test('behind a job that did not succeed, or that another one has begun, a runner ends and waits for none', async () => {
  for (const outcome of [failed, undefined]) {
    await mkdir(directory, { recursive: true });
    expect(await serve([outcome])).toEqual({ done: [opids[0]], whileBusy: [false] });
    expect(await readdir(path.join(state, 'standby'))).toEqual([]);
  }
});

test('a runner whose executor is gone ends behind its job', async () => {
  expect(await serve([succeeded], process.ppid + 1)).toEqual({ done: [opids[0]], whileBusy: [false] });
  expect(await readdir(path.join(state, 'standby'))).toEqual([]);
});
