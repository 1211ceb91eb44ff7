import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AgentClient } from '../support/agent-client.ts';
import { AgentProcess } from '../support/agent-process.ts';

let agent: AgentProcess;
let client: AgentClient;
let plan: string;
let fence: number;
let count = 0;
let traceFile: string;
let goFile: string;

beforeAll(async () => {
  agent = await AgentProcess.create();
  client = new AgentClient(agent);
});
afterAll(async () => {
  client.close();
  await agent.stop();
});

beforeEach(async () => {
  plan = newId(Date.now());
  fence = ((await claim(plan)) as { fence: number }).fence;
  count += 1;
  traceFile = path.join(agent.directory, `trace-${count}`);
  goFile = path.join(agent.directory, `go-${count}`);
});
afterEach(async () => {
  // Whatever a failed test left running goes on to its end.
  await writeFile(goFile, '');
});

/** Claims the server, after the job of a test before has ended. */
async function claim(forPlan: string): Promise<unknown> {
  let expect = 0;
  return eventually('the server is free', async () => {
    const { answer } = await client.call('server-claim', { server: 'main', plan: forPlan, expect });
    if (answer.kind === 'result') return answer.result;
    if (answer.kind === 'problem') expect = (answer.problem.facts?.['fence'] as number | undefined) ?? expect;
    return undefined;
  });
}

const inPlan = () => ({ plan, fence, step: 'step', attempt: 1 });
const params = (more: object = {}) => ({ server: 'main', traceFile, goFile, ...more });
const trace = async () => (await readFile(traceFile, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
const go = async () => writeFile(goFile, '');

async function eventually<T>(what: string, probe: () => Promise<T | undefined>, withinMs = 15_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Starts a job and waits until its program runs. */
async function running(op: string, more: object = {}): Promise<{ opid: string; program: number; runner: number }> {
  const { opid } = await client.job(op, params(more), inPlan());
  const program = await eventually('the program runs', async () => {
    const [first] = await trace();
    return first === undefined ? undefined : Number(first.split(' ')[1]);
  });
  const started = JSON.parse(await agent.readState(`jobs/${opid}/started.json`)) as { runner: { pid: number } };
  return { opid, program, runner: started.runner.pid };
}

async function isGone(pid: number): Promise<true | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat === '' || /\) Z /.test(stat) || undefined;
}

describe('a job', () => {
  test('ends with its result, and its program ran once', async () => {
    const { opid } = await running('test-work');
    await go();
    expect(await client.ended(opid)).toMatchObject({
      state: 'succeeded',
      op: 'test-work',
      progress: { phase: 'working', bytes: 1, totalBytes: 2 },
      problem: null,
      result: { exitCode: 0, output: `${'x'.repeat(87)}end of output`, truncated: true },
    });
    expect((await trace()).map((line) => line.split(' ')[0])).toEqual(['begin', 'end', 'result']);
    expect((await agent.readState(`jobs/${opid}/job.log`)).split('\n')[0]).toContain('the program is started');
  });

  test('asked for again with the same opid is the same job with its first receipt, and runs once', async () => {
    const opid = newId(Date.now());
    const asked = { ...inPlan(), opid };
    const receipts = await Promise.all(Array.from({ length: 8 }, () => client.call('test-work', params(), asked)));
    expect(receipts.map(({ answer }) => answer.kind)).toEqual(receipts.map(() => 'job'));
    await go();
    const first = await agent.readState(`jobs/${opid}/receipt.jws`);
    expect(await client.ended(opid)).toMatchObject({ state: 'succeeded', firstReceipt: first });
    expect(await client.job('test-work', params(), asked)).toMatchObject({ state: 'succeeded', firstReceipt: first });
    expect(await trace()).toHaveLength(3);
  });

  test('asked for with a used opid and another request is a conflict', async () => {
    const opid = newId(Date.now());
    await client.job('test-noop', { server: 'main' }, { ...inPlan(), opid });
    for (const other of [
      client.problem('test-work', params(), { ...inPlan(), opid }),
      client.problem('test-noop', { server: 'main' }, { ...inPlan(), opid, attempt: 2 }),
      client.problem('test-noop', { server: 'main' }, { ...inPlan(), opid, step: 'other' }),
    ]) {
      expect((await other).type).toBe('urn:barback:problem:operation-conflict');
    }
    expect(await trace()).toEqual([]);
  });

  test('reports progress to whoever waits for it', async () => {
    const { opid } = await running('test-work');
    const view = (await client.result('job-status', { opid, waitMs: 10_000, progressAt: 0 })) as { progress: unknown };
    expect(view.progress).toMatchObject({ phase: 'working' });
    await go();
    await client.ended(opid);
  });

  test('that takes too long is ended at its limit', async () => {
    const { opid, program } = await running('test-brief');
    expect(await client.ended(opid)).toMatchObject({
      state: 'failed',
      problem: { type: 'urn:barback:problem:time-limit', detail: expect.stringContaining('1.5 s') as string },
    });
    expect(await isGone(program)).toBe(true);
  });

  test('shows no secret and nothing of the executor in the argv and environment of what it starts', async () => {
    const { opid, program, runner } = await running('test-work');
    const secrets = [
      agent.apiKey.d,
      JSON.parse(await readFile(path.join(agent.directory, 'signing-key.json'), 'utf8')).d,
    ];
    const request = await agent.readState(`jobs/${opid}/request.jws`);
    for (const pid of [program, runner]) {
      const seen = `${await readFile(`/proc/${pid}/cmdline`, 'utf8')}\0${await readFile(`/proc/${pid}/environ`, 'utf8')}`;
      for (const secret of [...secrets, request]) expect(seen.includes(secret as string)).toBe(false);
    }
    const names = (await readFile(`/proc/${program}/environ`, 'utf8')).split('\0').map((one) => one.split('=')[0]);
    expect(names.filter((name) => name !== '').toSorted()).toEqual(
      ['BARBACK_JOB', 'HOME', 'LANG', 'LC_ALL', 'PATH', 'PGAPPNAME', 'TZ'].toSorted(),
    );
    await go();
    await client.ended(opid);
  });
});

describe('cancelling', () => {
  test('ends the program of a job that may be stopped, even when it ignores TERM', async () => {
    const { opid, program } = await running('test-work', { ignoreTerm: true });
    await client.result('job-cancel', { opid });
    expect(await client.ended(opid)).toMatchObject({
      state: 'cancelled',
      problem: { type: 'urn:barback:problem:cancelled' },
      result: null,
    });
    expect(await isGone(program)).toBe(true);
    expect(await trace()).toHaveLength(1);
  });

  test('lets a job that must finish run to its end', async () => {
    const { opid } = await running('test-finish');
    await client.result('job-cancel', { opid });
    expect(await client.status(opid)).toMatchObject({ state: 'running' });
    await go();
    expect(await client.ended(opid)).toMatchObject({ state: 'succeeded' });
  });

  test('a job right after it was accepted leaves nothing behind', async () => {
    const { opid } = await client.job('test-work', params(), inPlan());
    await client.result('job-cancel', { opid });
    expect(await client.ended(opid)).toMatchObject({ state: 'cancelled' });
    for (const line of await trace()) expect(await isGone(Number(line.split(' ')[1]))).toBe(true);
  });

  test('an ended job changes nothing', async () => {
    const { opid } = await client.job('test-noop', { server: 'main' }, inPlan());
    const ended = await client.ended(opid);
    expect(await client.result('job-cancel', { opid })).toEqual(ended);
  });
});

describe('a crash', () => {
  test('of gateway and executor does not touch the job, and the next executor knows it', async () => {
    const { opid, program, runner } = await running('test-work');
    await Promise.all([agent.kill('gateway'), agent.kill('executor')]);
    expect(await isGone(program)).toBeUndefined();
    await agent.startExecutor();
    await agent.startGateway();
    expect(await client.status(opid)).toMatchObject({ state: 'running' });
    expect(JSON.parse(await agent.readState(`jobs/${opid}/started.json`))).toMatchObject({ runner: { pid: runner } });
    await go();
    expect(await client.ended(opid)).toMatchObject({ state: 'succeeded' });
    expect((await trace()).map((line) => line.split(' ')[0])).toEqual(['begin', 'end', 'result']);
  });

  test('of the executor while the job ends does not lose its result', async () => {
    const { opid, runner } = await running('test-work');
    await agent.kill('executor');
    await go();
    await eventually('the runner has ended', async () => isGone(runner));
    await agent.startExecutor();
    expect(await client.status(opid)).toMatchObject({ state: 'succeeded', result: { exitCode: 0 } });
  });

  test('of the executor keeps the fence', async () => {
    await agent.kill('executor');
    await agent.startExecutor();
    expect(await client.result('server-claim', { server: 'main', plan, expect: 0 })).toEqual({ fence });
  });

  test('of the runner is told as lost after its program has been ended, and can be observed', async () => {
    const { opid, program, runner } = await running('test-work', { ignoreTerm: false });
    process.kill(runner, 'SIGKILL');
    const view = await eventually('the job is lost', async () => {
      const found = await client.status(opid);
      return found.state === 'running' ? undefined : found;
    });
    expect(view).toMatchObject({ state: 'lost', problem: { type: 'urn:barback:problem:job-lost' }, result: null });
    expect(await isGone(program)).toBe(true);
    expect(await client.result('job-observe', { opid })).toEqual({ is: 'partial', result: null, facts: { traceFile } });
  });

  test('of runner and executor at once is told as lost by the next executor', async () => {
    const { opid, program, runner } = await running('test-work');
    await agent.kill('executor');
    process.kill(runner, 'SIGKILL');
    await eventually('the runner is gone', async () => isGone(runner));
    expect(await isGone(program)).toBeUndefined();
    await agent.startExecutor();
    expect(await client.status(opid)).toMatchObject({ state: 'lost' });
    expect(await isGone(program)).toBe(true);
  });

  test('between accepting and starting: what makes something is started once, what destroys is not', async () => {
    const accepted = await Promise.all(
      ['test-work', 'test-destroy'].map(async (op) => {
        const { opid } = await client.job('test-noop', { server: 'main' }, inPlan());
        await client.ended(opid);
        const directory = path.join(agent.stateDirectory, 'jobs', opid);
        const spec = JSON.parse(await readFile(path.join(directory, 'spec.json'), 'utf8')) as object;
        return { op, opid, directory, spec };
      }),
    );
    await agent.kill('executor');
    // The directories as a crash right after the claim leaves them: no started.json, no result.
    const { rm } = await import('node:fs/promises');
    for (const { op, directory, spec } of accepted) {
      for (const name of ['started.json', 'result.json']) await rm(path.join(directory, name));
      await writeFile(path.join(directory, 'spec.json'), JSON.stringify({ ...spec, op, params: params() }));
    }
    await go();
    await agent.startExecutor();
    const [work, destroy] = accepted.map(({ opid }) => opid) as [string, string];
    expect(await client.ended(work)).toMatchObject({ state: 'succeeded' });
    expect(await client.ended(destroy)).toMatchObject({
      state: 'failed',
      problem: { type: 'urn:barback:problem:job-lost', detail: expect.stringContaining('not started') as string },
      startedAt: null,
    });
    expect((await trace()).map((line) => line.split(' ')[0])).toEqual(['begin', 'end', 'result']);
  });

  test('a second executor of the same state directory refuses to start', async () => {
    await expect(agent.run('executor')).rejects.toThrow('is the executor of');
  });
});

describe('the fence', () => {
  test('goes to another plan only by naming the newest, and never while a job of the holder runs', async () => {
    const { opid } = await running('test-work');
    const next = newId(Date.now());
    expect(await client.problem('server-claim', { server: 'main', plan: next, expect: fence - 1 })).toMatchObject({
      type: 'urn:barback:problem:fence-stale',
      facts: { fence, plan },
    });
    expect(await client.problem('server-claim', { server: 'main', plan: next, expect: fence })).toMatchObject({
      type: 'urn:barback:problem:server-busy',
      facts: { opid },
    });
    await go();
    await client.ended(opid);
    expect(await client.result('server-claim', { server: 'main', plan: next, expect: fence })).toEqual({
      fence: fence + 1,
    });
    expect(await client.problem('test-noop', { server: 'main' }, inPlan())).toMatchObject({
      type: 'urn:barback:problem:fence-stale',
      facts: { fence: fence + 1, plan: next },
    });
  });

  test('is issued to exactly one of many that claim at once', async () => {
    const claims = await Promise.all(
      Array.from({ length: 12 }, async (_, index) =>
        client.call('server-claim', { server: 'main', plan: newId(index), expect: fence }),
      ),
    );
    expect(claims.filter(({ answer }) => answer.kind === 'result')).toHaveLength(1);
  });

  test('of one server says nothing about another', async () => {
    expect(await client.problem('test-noop', { server: 'other' }, inPlan())).toMatchObject({
      type: 'urn:barback:problem:fence-stale',
      facts: { fence: 0, plan: null },
    });
  });
});

test('a read that takes too long is answered at its limit', async () => {
  expect(await client.problem('test-echo', { server: 'main', text: '', delayMs: 20_000 })).toMatchObject({
    type: 'urn:barback:problem:time-limit',
  });
});

test('nothing but jobs lies in the directory of jobs, and every file is private', async () => {
  const names = await readdir(path.join(agent.stateDirectory, 'jobs'));
  expect(names.filter((name) => !/^[0-9a-z]{26}$/.test(name))).toEqual([]);
});
