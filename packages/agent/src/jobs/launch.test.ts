import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processIdentity } from '../system/process-table.ts';
import { JobDirectory } from './directory.ts';
import { jobFileNames, jobFormat, type JobSpec } from './files.ts';
import { Launcher } from './launch.ts';

const opid = '01hzzzzzzzzzzzzzzzzzzzzzza';

let state: string;
let runner: ChildProcess;
beforeEach(async () => {
  state = await mkdtemp(path.join(tmpdir(), 'barback-launch-'));
  await mkdir(path.join(state, 'jobs'));
  runner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' });
  await once(runner, 'spawn');
});
afterEach(async () => {
  runner.kill('SIGKILL');
  await rm(state, { recursive: true });
});

/** A job that the child of this test has begun. */
async function begun(): Promise<{ jobs: JobDirectory; launcher: Launcher }> {
  const jobs = new JobDirectory(state);
  const spec: JobSpec = {
    format: jobFormat,
    opid,
    op: 'test-noop',
    params: {},
    plan: opid,
    step: null,
    attempt: null,
    fence: 1,
    serverName: 'main',
    acceptedAt: 1,
    digest: '',
  };
  await jobs.claim(spec, 'request', 'receipt');
  const started = { startedAt: 1, runner: await processIdentity(runner.pid ?? 0) };
  await writeFile(path.join(jobs.pathOf(opid), jobFileNames.started), JSON.stringify(started));
  return { jobs, launcher: new Launcher(jobs, state, { argv: [], configFile: '', compileCache: '' }) };
}

test('the runner of a job that has no result is told to stop', async () => {
  const { launcher } = await begun();
  const ended = once(runner, 'exit');
  await launcher.stop(opid);
  expect(await ended).toEqual([null, 'SIGTERM']);
});

test('a runner that has left a result is not told: it may be at another job', async () => {
  const { jobs, launcher } = await begun();
  await jobs.writeResult(opid, { state: 'succeeded', result: {}, endedAt: 2 });
  const ended = once(runner, 'exit');
  await launcher.stop(opid);
  runner.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
});
