import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awaitJob, turnFiles } from '../runner/await-job.ts';
import { createExclusive } from '../system/files.ts';
import { StandbyRunners } from './standby.ts';

let state: string;
const standby = (directory: string) => ({ directory, stateDirectory: state, executor: process.ppid });

beforeEach(async () => {
  state = await mkdtemp(path.join(tmpdir(), 'barback-standby-'));
});
afterEach(async () => rm(state, { recursive: true, force: true }));

test('a waiting runner gets the job that is put into its directory', async () => {
  const directory = path.join(state, 'standby', 'a');
  await mkdir(directory, { recursive: true });
  const waiting = awaitJob(standby(directory), 1);
  await createExclusive(path.join(directory, turnFiles(1).job), '01hzzzzzzzzzzzzzzzzzzzzzzj', {}, false);
  expect(await waiting).toBe(path.join(state, 'jobs', '01hzzzzzzzzzzzzzzzzzzzzzzj'));
});

test('a waiting runner that has waited long enough cannot be given a job any more', async () => {
  const directory = path.join(state, 'standby', 'a');
  await mkdir(directory, { recursive: true });
  expect(await awaitJob(standby(directory), 1, 30)).toBeUndefined();
  expect(await createExclusive(path.join(directory, turnFiles(1).job), 'x', {}, false)).toBe(false);
});

test('a waiting runner ends when its directory is cleared, as the next executor does', async () => {
  const directory = path.join(state, 'standby', 'a');
  await mkdir(directory, { recursive: true });
  const waiting = awaitJob(standby(directory), 1);
  await new StandbyRunners(state, { argv: [], configFile: '', compileCache: '' }).open();
  expect(await waiting).toBeUndefined();
});

test('without a waiting runner there is nobody to give a job to, and a program that cannot start harms nobody', async () => {
  const runners = new StandbyRunners(state, { argv: ['/nonexistent'], configFile: '', compileCache: '' });
  await runners.open();
  await runners.prepare();
  expect(await readdir(path.join(state, 'standby'))).toEqual([]);
  expect(await runners.give('01hzzzzzzzzzzzzzzzzzzzzzzj', state)).toBeUndefined();
});
