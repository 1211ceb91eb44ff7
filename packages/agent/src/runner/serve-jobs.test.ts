import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobResult } from '../jobs/files.ts';
import { kindOf } from '../system/directory-tree.ts';
import { createExclusive } from '../system/files.ts';
import { turnFiles } from './await-job.ts';
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

const inDirectory = (name: string) => path.join(directory, name);
const give = (turn: number) => createExclusive(inDirectory(turnFiles(turn).job), opids[turn - 1] ?? '', {}, false);
const waits = async (turn: number) => (await kindOf(inDirectory(turnFiles(turn).waiting))) === 'file';

/** Serves with a job for each outcome; the later ones are given as soon as the runner says that it waits. */
async function serve(outcomes: readonly (JobResult | undefined)[], executor = process.ppid) {
  const done: string[] = [];
  const waitedWhileBusy: boolean[] = [];
  await give(1);
  await serveJobs({ directory, stateDirectory: state, executor }, async (job) => {
    done.push(path.basename(job));
    const next = done.length + 1;
    waitedWhileBusy.push(await waits(next));
    if (next <= outcomes.length) void giveWhenItWaits(next);
    return outcomes[done.length - 1];
  });
  return { done, waitedWhileBusy };
}

async function giveWhenItWaits(turn: number): Promise<void> {
  while (!(await waits(turn)));
  await give(turn);
}

test('a runner that has carried out a job gets the next one, and does not wait while it works', async () => {
  expect(await serve([succeeded, failed])).toEqual({ done: opids, waitedWhileBusy: [false, false] });
});

test.each([
  ['did not succeed', failed],
  ['another one has begun', undefined],
])('behind a job that %s a runner ends and waits for none', async (_, outcome) => {
  expect(await serve([outcome])).toEqual({ done: [opids[0]], waitedWhileBusy: [false] });
  expect(await waits(2)).toBe(false);
});

test('a runner whose executor is gone ends behind its job, and cannot be given another', async () => {
  expect(await serve([succeeded], process.ppid + 1)).toMatchObject({ done: [opids[0]] });
  expect([await waits(2), await give(2)]).toEqual([true, false]);
});

test('a runner whose directory another executor has cleared meanwhile ends quietly', async () => {
  await give(1);
  const serving = serveJobs({ directory, stateDirectory: state, executor: process.ppid }, async () => {
    await rm(directory, { recursive: true });
    return succeeded;
  });
  await expect(serving).resolves.toBeUndefined();
});
