import { mkdir, mkdtemp, rm, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assignmentFile, awaitJob } from '../runner/await-job.ts';
import { createExclusive } from '../system/files.ts';
import { StandbyRunners } from './standby.ts';

let state: string;
const standby = (directory: string) => ({ directory, stateDirectory: state, executor: process.ppid });

beforeEach(async () => {
  state = await mkdtemp(path.join(tmpdir(), 'barback-standby-'));
});
afterEach(async () => rm(state, { recursive: true, force: true }));

test('a waiting runner gets the job that is put into its directory, and clears the directory', async () => {
  const directory = path.join(state, 'standby', 'a');
  await mkdir(directory, { recursive: true });
  const waiting = awaitJob(standby(directory));
  await createExclusive(path.join(directory, assignmentFile), '01hzzzzzzzzzzzzzzzzzzzzzzj', {}, false);
  expect(await waiting).toBe(path.join(state, 'jobs', '01hzzzzzzzzzzzzzzzzzzzzzzj'));
  expect(await readdir(path.join(state, 'standby'))).toEqual([]);
});

test('a waiting runner that has waited long enough cannot be given a job any more', async () => {
  const directory = path.join(state, 'standby', 'a');
  await mkdir(directory, { recursive: true });
  expect(await awaitJob(standby(directory), 30)).toBeUndefined();
  await expect(createExclusive(path.join(directory, assignmentFile), 'x', {}, false)).rejects.toThrow('ENOENT');
});

test('a waiting runner ends when its directory is cleared, as the next executor does', async () => {
  const directory = path.join(state, 'standby', 'a');
  await mkdir(directory, { recursive: true });
  const waiting = awaitJob(standby(directory));
  await new StandbyRunners(state, { argv: [], configFile: '', compileCache: '' }).open();
  expect(await waiting).toBeUndefined();
});

test('without a waiting runner there is nobody to give a job to, and a program that cannot start harms nobody', async () => {
  const runners = new StandbyRunners(state, { argv: ['/nonexistent'], configFile: '', compileCache: '' });
  await runners.open();
  runners.prepare();
  expect(await runners.give('01hzzzzzzzzzzzzzzzzzzzzzzj', state)).toBeUndefined();
});
