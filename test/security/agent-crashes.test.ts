import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually, isGone, JobScene } from '../support/job-scene.ts';

let scene: JobScene;

beforeAll(async () => {
  scene = await JobScene.create();
});
afterAll(async () => scene.close());
beforeEach(async () => {
  // A test that failed may have left it dead.
  if (scene.agent.executor?.signalCode !== null) await scene.agent.startExecutor();
  await scene.begin();
});
// Whatever a failed test left running goes on to its end.
afterEach(async () => scene.go());

/** A job's directory as a crash of the executor right after the claim leaves it: complete, but nothing has begun. */
async function acceptedButNotStarted(op: string): Promise<{ opid: string; directory: string }> {
  if (scene.agent.executor?.signalCode !== null) await scene.agent.startExecutor();
  const { opid } = await scene.client.job('test-noop', { server: 'main' }, scene.inPlan);
  await scene.client.ended(opid);
  await scene.agent.kill('executor');
  const directory = path.join(scene.agent.stateDirectory, 'jobs', opid);
  for (const name of ['started.json', 'result.json']) await rm(path.join(directory, name));
  const spec = JSON.parse(await readFile(path.join(directory, 'spec.json'), 'utf8')) as object;
  await writeFile(path.join(directory, 'spec.json'), JSON.stringify({ ...spec, op, params: scene.params() }));
  return { opid, directory };
}

describe('a crash', () => {
  test('of gateway and executor does not touch the job, and the next executor knows it', async () => {
    const { opid, program, runner } = await scene.running('test-work');
    await Promise.all([scene.agent.kill('gateway'), scene.agent.kill('executor')]);
    expect(await isGone(program)).toBe(false);
    await scene.agent.startExecutor();
    await scene.agent.startGateway();
    expect(await scene.client.status(opid)).toMatchObject({ state: 'running' });
    expect(JSON.parse(await scene.agent.readState(`jobs/${opid}/started.json`))).toMatchObject({
      runner: { pid: runner },
    });
    await scene.go();
    expect(await scene.client.ended(opid)).toMatchObject({ state: 'succeeded' });
    expect(await scene.traceWords()).toEqual(['begin', 'end', 'result']);
  });

  test('of the executor while the job ends does not lose its result', async () => {
    const { opid, runner } = await scene.running('test-work');
    await scene.agent.kill('executor');
    await scene.go();
    await eventually('the runner has ended', async () => (await isGone(runner)) || undefined);
    await scene.agent.startExecutor();
    expect(await scene.client.status(opid)).toMatchObject({ state: 'succeeded', result: { exitCode: 0 } });
  });

  test('of the executor keeps the fence', async () => {
    await scene.agent.kill('executor');
    await scene.agent.startExecutor();
    expect(await scene.client.result('server-claim', { server: 'main', plan: scene.plan, expect: 0 })).toEqual({
      fence: scene.fence,
    });
  });

  test('of the runner is told as lost after its program has been ended, and can be observed', async () => {
    const { opid, program, runner } = await scene.running('test-work', { ignoreTerm: false });
    process.kill(runner, 'SIGKILL');
    const view = await eventually('the job is lost', async () => {
      const found = await scene.client.status(opid);
      return found.state === 'running' ? undefined : found;
    });
    expect(view).toMatchObject({ state: 'lost', problem: { type: 'urn:barback:problem:job-lost' }, result: null });
    expect(await isGone(program)).toBe(true);
    expect(await scene.client.result('job-observe', { opid })).toEqual({
      is: 'partial',
      result: null,
      facts: { traceFile: scene.traceFile },
    });
  });

  test('of runner and executor at once is told as lost by the next executor', async () => {
    const { opid, program, runner } = await scene.running('test-work');
    await scene.agent.kill('executor');
    process.kill(runner, 'SIGKILL');
    await eventually('the runner is gone', async () => (await isGone(runner)) || undefined);
    expect(await isGone(program)).toBe(false);
    await scene.agent.startExecutor();
    expect(await scene.client.status(opid)).toMatchObject({ state: 'lost' });
    expect(await isGone(program)).toBe(true);
  });

  test('between accepting and starting: what makes something is started once, what destroys is not', async () => {
    const work = await acceptedButNotStarted('test-work');
    const destroy = await acceptedButNotStarted('test-destroy');
    await scene.go();
    await scene.agent.startExecutor();
    expect(await scene.client.ended(work.opid)).toMatchObject({ state: 'succeeded' });
    expect(await scene.client.ended(destroy.opid)).toMatchObject({
      state: 'failed',
      problem: { type: 'urn:barback:problem:job-lost', detail: expect.stringContaining('not started') as string },
      startedAt: null,
    });
    expect(await scene.traceWords()).toEqual(['begin', 'end', 'result']);
  });

  test('between starting the runner and its begin: of several runners exactly one runs the job', async () => {
    const { opid, directory } = await acceptedButNotStarted('test-work');
    await scene.go();
    const runners = await Promise.all([1, 2, 3].map(() => scene.agent.run('runner', directory)));
    expect(runners).toHaveLength(3);
    await scene.agent.startExecutor();
    expect(await scene.client.status(opid)).toMatchObject({ state: 'succeeded' });
    expect(await scene.traceWords()).toEqual(['begin', 'end', 'result']);
    expect(scene.agent.errors.split('another runner has begun this job')).toHaveLength(3);
  });

  test('of the executor during a read: the next one ends what the read has started', async () => {
    const reading = scene.client
      .call('test-linger', { server: 'main', traceFile: scene.traceFile })
      .catch(() => undefined);
    const program = await eventually('the program runs', async () => {
      const [line] = await scene.trace();
      return line === undefined ? undefined : Number(line.split(' ')[1]);
    });
    await scene.agent.kill('executor');
    await reading;
    expect(await isGone(program)).toBe(false);
    await scene.agent.startExecutor();
    expect(await isGone(program)).toBe(true);
  });

  test('of a waiting runner costs nothing but its head start', async () => {
    const waiting = await eventually('a runner waits', async () => {
      const pids = await scene.agent.processes();
      const argvs = await Promise.all(
        pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
      );
      const found = pids.filter((_, index) => argvs[index]?.includes('--standby'));
      return found.length > 0 ? found : undefined;
    });
    for (const pid of waiting) process.kill(pid, 'SIGKILL');
    // A job that is given to one which has the signal and not died of it yet is lost, and told as that.
    await eventually('they are gone', async () =>
      (await Promise.all(waiting.map(isGone))).every((gone) => gone) ? true : undefined,
    );
    const { opid } = await scene.client.job('test-noop', { server: 'main' }, scene.inPlan);
    const ended = await scene.client.ended(opid);
    expect(ended, JSON.stringify(ended)).toMatchObject({ state: 'succeeded' });
  });

  test('a second executor of the same state directory refuses to start', async () => {
    await expect(scene.agent.run('executor')).rejects.toThrow('is the executor of');
  });
});
