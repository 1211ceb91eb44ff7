import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isGone, JobScene } from '../support/job-scene.ts';

let scene: JobScene;

beforeAll(async () => {
  scene = await JobScene.create();
});
afterAll(async () => scene.close());
beforeEach(async () => scene.begin());
// Whatever a failed test left running goes on to its end.
afterEach(async () => scene.go());

describe('a job', () => {
  test('ends with its result, and its program ran once', async () => {
    const { opid } = await scene.running('test-work');
    await scene.go();
    expect(await scene.client.ended(opid)).toMatchObject({
      state: 'succeeded',
      op: 'test-work',
      progress: { phase: 'working', bytes: 1, totalBytes: 2 },
      problem: null,
      result: { exitCode: 0, output: `${'x'.repeat(87)}end of output`, truncated: true },
    });
    expect(await scene.traceWords()).toEqual(['begin', 'end', 'result']);
    expect((await scene.agent.readState(`jobs/${opid}/job.log`)).split('\n')[0]).toContain('the program is started');
  });

  test('asked for again with the same opid is the same job with its first receipt, and runs once', async () => {
    const opid = newId(Date.now());
    const asked = { ...scene.inPlan, opid };
    const receipts = await Promise.all(
      Array.from({ length: 8 }, () => scene.client.call('test-work', scene.params(), asked)),
    );
    expect(receipts.map(({ answer }) => answer.kind)).toEqual(receipts.map(() => 'job'));
    await scene.go();
    const first = await scene.agent.readState(`jobs/${opid}/receipt.jws`);
    expect(await scene.client.ended(opid)).toMatchObject({ state: 'succeeded', firstReceipt: first });
    expect(await scene.client.job('test-work', scene.params(), asked)).toMatchObject({
      state: 'succeeded',
      firstReceipt: first,
    });
    expect(await scene.trace()).toHaveLength(3);
  });

  test('asked for with a used opid and another request is a conflict', async () => {
    const opid = newId(Date.now());
    await scene.client.job('test-noop', { server: 'main' }, { ...scene.inPlan, opid });
    for (const other of [
      scene.client.problem('test-work', scene.params(), { ...scene.inPlan, opid }),
      scene.client.problem('test-noop', { server: 'main' }, { ...scene.inPlan, opid, attempt: 2 }),
      scene.client.problem('test-noop', { server: 'main' }, { ...scene.inPlan, opid, step: 'other' }),
    ]) {
      expect((await other).type).toBe('urn:barback:problem:operation-conflict');
    }
    expect(await scene.trace()).toEqual([]);
  });

  test('reports progress to whoever waits for it', async () => {
    const { opid } = await scene.running('test-work');
    const view = (await scene.client.result('job-status', { opid, waitMs: 10_000, progressAt: 0 })) as {
      progress: unknown;
    };
    expect(view.progress).toMatchObject({ phase: 'working' });
    await scene.go();
    await scene.client.ended(opid);
  });

  test('that takes too long is ended at its limit', async () => {
    const { opid, program } = await scene.running('test-brief');
    expect(await scene.client.ended(opid)).toMatchObject({
      state: 'failed',
      problem: { type: 'urn:barback:problem:time-limit', detail: expect.stringContaining('1.5 s') as string },
    });
    expect(await isGone(program)).toBe(true);
  });

  test('shows no secret and nothing of the executor in the argv and environment of what it starts', async () => {
    const { opid, program, runner } = await scene.running('test-work');
    const secrets = [
      scene.agent.apiKey.d,
      (JSON.parse(await readFile(path.join(scene.agent.directory, 'signing-key.json'), 'utf8')) as { d: string }).d,
    ];
    const request = await scene.agent.readState(`jobs/${opid}/request.jws`);
    for (const pid of [program, runner]) {
      const seen = `${await readFile(`/proc/${pid}/cmdline`, 'utf8')}\0${await readFile(`/proc/${pid}/environ`, 'utf8')}`;
      for (const secret of [...secrets, request]) expect(seen.includes(secret)).toBe(false);
    }
    const names = (await readFile(`/proc/${program}/environ`, 'utf8'))
      .split('\0')
      .map((one) => one.replace(/=.*/s, ''));
    expect(names.filter((name) => name !== '').toSorted()).toEqual(
      ['BARBACK_JOB', 'HOME', 'LANG', 'LC_ALL', 'PATH', 'PGAPPNAME', 'TZ'].toSorted(),
    );
    await scene.go();
    await scene.client.ended(opid);
  });
});

describe('cancelling', () => {
  test('ends the program of a job that may be stopped, even when it ignores TERM', async () => {
    const { opid, program } = await scene.running('test-work', { ignoreTerm: true });
    await scene.client.result('job-cancel', { opid });
    expect(await scene.client.ended(opid)).toMatchObject({
      state: 'cancelled',
      problem: { type: 'urn:barback:problem:cancelled' },
      result: null,
    });
    expect(await isGone(program)).toBe(true);
    expect(await scene.trace()).toHaveLength(1);
  });

  test('lets a job that must finish run to its end', async () => {
    const { opid } = await scene.running('test-finish');
    await scene.client.result('job-cancel', { opid });
    expect(await scene.client.status(opid)).toMatchObject({ state: 'running' });
    await scene.go();
    expect(await scene.client.ended(opid)).toMatchObject({ state: 'succeeded' });
  });

  test('a job right after it was accepted leaves nothing behind', async () => {
    const { opid } = await scene.client.job('test-work', scene.params(), scene.inPlan);
    await scene.client.result('job-cancel', { opid });
    expect(await scene.client.ended(opid)).toMatchObject({ state: 'cancelled' });
    for (const line of await scene.trace()) expect(await isGone(Number(line.split(' ')[1]))).toBe(true);
  });

  test('an ended job changes nothing', async () => {
    const { opid } = await scene.client.job('test-noop', { server: 'main' }, scene.inPlan);
    const ended = await scene.client.ended(opid);
    expect(await scene.client.result('job-cancel', { opid })).toEqual(ended);
  });
});

describe('the fence', () => {
  test('goes to another plan only by naming the newest, and never while a job of the holder runs', async () => {
    const { opid } = await scene.running('test-work');
    const next = newId(Date.now());
    expect(
      await scene.client.problem('server-claim', { server: 'main', plan: next, expect: scene.fence - 1 }),
    ).toMatchObject({
      type: 'urn:barback:problem:fence-stale',
      facts: { fence: scene.fence, plan: scene.plan },
    });
    expect(
      await scene.client.problem('server-claim', { server: 'main', plan: next, expect: scene.fence }),
    ).toMatchObject({
      type: 'urn:barback:problem:server-busy',
      facts: { opid },
    });
    await scene.go();
    await scene.client.ended(opid);
    expect(await scene.client.result('server-claim', { server: 'main', plan: next, expect: scene.fence })).toEqual({
      fence: scene.fence + 1,
    });
    expect(await scene.client.problem('test-noop', { server: 'main' }, scene.inPlan)).toMatchObject({
      type: 'urn:barback:problem:fence-stale',
      facts: { fence: scene.fence + 1, plan: next },
    });
  });

  test('is issued to exactly one of many that claim at once', async () => {
    const claims = await Promise.all(
      Array.from({ length: 12 }, async (_, index) =>
        scene.client.call('server-claim', { server: 'main', plan: newId(index), expect: scene.fence }),
      ),
    );
    expect(claims.filter(({ answer }) => answer.kind === 'result')).toHaveLength(1);
  });

  test('of one server says nothing about another', async () => {
    expect(await scene.client.problem('test-noop', { server: 'other' }, scene.inPlan)).toMatchObject({
      type: 'urn:barback:problem:fence-stale',
      facts: { fence: 0, plan: null },
    });
  });
});

test('a read that takes too long is answered at its limit', async () => {
  expect(await scene.client.problem('test-echo', { server: 'main', text: '', delayMs: 20_000 })).toMatchObject({
    type: 'urn:barback:problem:time-limit',
  });
});

test('nothing but jobs lies in the directory of jobs, and every file is private', async () => {
  const names = await readdir(path.join(scene.agent.stateDirectory, 'jobs'));
  expect(names.filter((name) => !/^[0-9a-z]{26}$/.test(name))).toEqual([]);
});
