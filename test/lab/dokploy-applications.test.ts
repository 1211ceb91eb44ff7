import { chmod } from 'node:fs/promises';
import type { DokployApplication } from '@barback/api/integrations/application-settings.ts';
import {
  observeApplication,
  snapshotApplication,
  startApplication,
  stopApplication,
} from '@barback/api/integrations/applications.ts';
import type { Integrations } from '@barback/api/integrations/integrations.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDokployScene, type DokployScene } from './dokploy-scene.ts';
import type { FakeDokploy } from './fake-dokploy-state.ts';
import { poll } from './poll.ts';

const sleeper = { argv: ['sleep', '600'] };
const never = new AbortController().signal;

let scene: DokployScene;
let fake: FakeDokploy;
let integrations: Integrations;
const problems: Problem[] = [];

beforeEach(async () => {
  scene = await openDokployScene([
    { id: 'shop', appName: 'prod-shop', workload: sleeper, row: { replicas: 2 } },
    { id: 'shop2', appName: 'prod-shop-2', workload: sleeper },
    { id: 'global', workload: sleeper, row: { modeSwarm: { Global: {} } } },
    { id: 'replicated', workload: sleeper, row: { replicas: 3, modeSwarm: { Replicated: { Replicas: 3 } } } },
    { id: 'off', workload: sleeper, row: { status: 'idle', replicas: 2, autoDeploy: false } },
    { id: 'project', type: 'compose', workload: sleeper, row: { replicas: 2 } },
    { id: 'stack', type: 'compose', workload: sleeper, row: { composeType: 'stack' } },
  ]);
  ({ fake, integrations } = scene);
});

afterEach(async () => {
  await scene.close();
  assertCaptured();
});

/** Nothing was asked that the fake has no capture for, and whatever went wrong, nothing secret was told. */
function assertCaptured(): void {
  if (fake.unknown.length > 0) throw new Error(`the fake does not know ${fake.unknown.join(', ')}`);
  const told = JSON.stringify(problems.splice(0));
  if (told.includes('canary')) throw new Error(`a secret was told: ${told}`);
}

function application(id: string, more: Partial<DokployApplication> = {}): DokployApplication {
  const type = id === 'project' || id === 'stack' ? 'compose' : 'application';
  const { url } = fake;
  return {
    kind: 'dokploy',
    name: 'the-app',
    url,
    secret: 'key',
    service: { type, id },
    role: 'app',
    deadlineSeconds: 2,
    ...more,
  };
}

const snapshot = (id: string) => snapshotApplication(integrations, { application: application(id), signal: never });
const given = (id: string) => ({ plan: newId(Date.now()), application: application(id), signal: never });
const stop = (id: string, kept: Json) => stopApplication(integrations, { ...given(id), snapshot: kept });
const start = (id: string, kept: Json) => startApplication(integrations, { ...given(id), snapshot: kept });
const state = async (id: string) => (await observeApplication(integrations, given(id))).state;
const pids = (id: string) => fake.service(id).swarm.pids.length;

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProblemError)) throw new Error(`expected a problem, not ${String(error)}`);
  problems.push(error.problem);
  return error.problem;
}

describe('an application of Dokploy', () => {
  test('is stopped with auto-deploy off and no replicas, and comes back as it was', async () => {
    const kept = await snapshot('shop');
    expect(kept).toMatchObject({ type: 'application', replicas: 2, autoDeploy: true, running: 2, on: true });
    expect(JSON.stringify(kept)).not.toMatch(/canary/);
    expect(await stop('shop', kept)).toEqual({ held: true, evidence: 'gone' });
    const { row } = fake.service('shop');
    expect([pids('shop'), row.replicas, row.autoDeploy, await state('shop')]).toEqual([0, 0, false, 'stopped']);
    expect(await start('shop', kept)).toEqual({ running: 2 });
    expect([pids('shop'), row.replicas, row.autoDeploy, await state('shop')]).toEqual([2, 2, true, 'running']);
    // Another one whose name begins with its name was neither touched nor counted.
    expect(pids('shop2')).toBe(1);
  });

  test('is stopped and started twice with the same outcome', async () => {
    const kept = await snapshot('shop');
    for (let time = 0; time < 2; time += 1) expect(await stop('shop', kept)).toEqual({ held: true, evidence: 'gone' });
    for (let time = 0; time < 2; time += 1) expect(await start('shop', kept)).toEqual({ running: 2 });
    expect(pids('shop')).toBe(2);
  });

  test('that runs with a mode of its own is stopped and started by that', async () => {
    const kept = await snapshot('replicated');
    await stop('replicated', kept);
    expect([pids('replicated'), fake.service('replicated').row.replicas]).toEqual([0, 3]);
    expect(await start('replicated', kept)).toEqual({ running: 3 });
  });

  test('that did not run before is not started afterwards', async () => {
    const kept = await snapshot('off');
    await stop('off', kept);
    expect(await start('off', kept)).toEqual({ running: 0 });
    expect([pids('off'), fake.service('off').row]).toMatchObject([0, { replicas: 2, autoDeploy: false }]);
  });

  test('stays stopped when its repository is pushed to meanwhile', async () => {
    const kept = await snapshot('shop');
    await stop('shop', kept);
    await fake.push('shop', 'webhook');
    await fake.push('shop', 'button');
    expect([pids('shop'), await state('shop')]).toEqual([0, 'stopped']);
  });

  test('whose key may not change it is stopped all the same, and it is said that nothing holds it', async () => {
    fake.faults.mayNotUpdate = true;
    const kept = await snapshot('shop');
    expect(await stop('shop', kept)).toEqual({ held: false, evidence: 'gone' });
    expect(await start('shop', kept)).toEqual({ running: 2 });
  });

  test('that is being deployed, runs globally or is a stack is refused and left as it is', async () => {
    fake.service('shop').row.status = 'running';
    const deploying = await problemOf(snapshot('shop'));
    const global = await problemOf(snapshot('global'));
    const stack = await problemOf(snapshot('stack'));
    expect([deploying.detail, global.detail, stack.detail]).toEqual([
      expect.stringContaining('deploying'),
      expect.stringContaining("Swarm's mode Global"),
      expect.stringContaining('is a stack'),
    ]);
    for (const { type } of [deploying, global, stack]) expect(type).toBe('urn:barback:problem:application-refused');
    expect(fake.calls.filter((call) => /update|stop|reload|start/.test(call))).toEqual([]);
    fake.service('shop').row.status = 'done';
    const kept = await snapshot('shop');
    fake.service('shop').row.status = 'running';
    expect((await problemOf(stop('shop', kept))).type).toBe('urn:barback:problem:application-refused');
    expect([pids('shop'), fake.service('shop').row.replicas]).toEqual([2, 2]);
  });

  test('on a Dokploy that is too old is refused', async () => {
    fake.version = 'v0.21.3';
    expect((await problemOf(snapshot('shop'))).detail).toContain('Dokploy 0.21.3');
    for (const version of ['v0.21.4', 'v1.0.0', 'canary']) {
      fake.version = version;
      expect(await snapshot('shop')).toMatchObject({ running: 2 });
    }
  });
});

describe('a Dokploy that lies or fails', () => {
  test('is found out when it says that it stopped what still runs', async () => {
    fake.faults.stopSilentlyFails = true;
    const problem = await problemOf(snapshot('shop').then((kept) => stop('shop', kept)));
    expect(problem).toMatchObject({ type: 'urn:barback:problem:application-failed', facts: { state: 'running' } });
    expect(problem.detail).toContain('still run');
  });

  test('that lists no containers at all has not proven that any has ended', async () => {
    const kept = await snapshot('shop');
    fake.faults.listsNothing = true;
    const problem = await problemOf(stop('shop', kept));
    expect(problem).toMatchObject({ type: 'urn:barback:problem:application-failed', facts: { state: 'unknown' } });
  });

  test('that lists no containers is not believed that the application is off, which would then stay off', async () => {
    fake.faults.listsNothing = true;
    expect((await problemOf(snapshot('shop'))).type).toBe('urn:barback:problem:application-refused');
    fake.faults.listsNothing = false;
    await fake.service('shop').swarm.scale(0);
    const kept = await snapshot('shop');
    expect(kept).toMatchObject({ running: 0, on: true });
    await stop('shop', kept);
    expect(await start('shop', kept)).toEqual({ running: 2 });
  });

  test('is found out when it calls a start done that Swarm has rolled back', async () => {
    const kept = await snapshot('shop');
    await stop('shop', kept);
    fake.faults.rollbackOnUpdate = true;
    const problem = await problemOf(start('shop', kept));
    expect(problem).toMatchObject({ facts: { state: 'stopped', running: 0, wanted: 2, dokployStatus: 'done' } });
    expect(problem.detail).toContain('Swarm has put the former state back');
    // Auto-deploy comes last, so it is still off.
    expect(fake.service('shop').row.autoDeploy).toBe(false);
    fake.faults.rollbackOnUpdate = false;
    expect(await start('shop', kept)).toEqual({ running: 2 });
  });

  test('that never answers a stop is not waited for: the containers have ended', async () => {
    const kept = await snapshot('shop');
    fake.faults.hang = 'application.stop';
    const began = performance.now();
    expect(await stop('shop', kept)).toEqual({ held: true, evidence: 'gone' });
    expect(performance.now() - began).toBeLessThan(1_400);
  });

  test('that never answers a reload is asked how things are', async () => {
    const kept = await snapshot('shop');
    await stop('shop', kept);
    fake.faults.hang = 'application.reload';
    expect(await start('shop', kept)).toEqual({ running: 2 });
    expect(fake.calls.filter((call) => call === 'application.reload')).toHaveLength(1);
  });

  test('that refuses the key, answers through a proxy or fails is told from one another, without its words', async () => {
    fake.faults.rateLimited = true;
    expect((await problemOf(snapshot('shop'))).next).toContain('rate-limited');
    fake.faults.rateLimited = false;
    fake.faults.htmlBadGateway = true;
    const proxy = await problemOf(snapshot('shop'));
    expect([proxy.type, proxy.detail]).toEqual([
      'urn:barback:problem:application-unreachable',
      expect.stringContaining('502 and text/html'),
    ]);
    fake.faults.htmlBadGateway = false;
    const kept = await snapshot('project');
    fake.faults.fails = { call: 'compose.stop', message: 'Command failed: docker login -p canary_exec_5150' };
    const failed = await problemOf(stop('project', kept));
    expect(failed.detail).toContain('failed in compose.stop with 500');
    expect(failed.facts).toMatchObject({ state: 'running' });
    expect((await problemOf(snapshot('nowhere'))).detail).toContain('has no such service');
  });

  test('that answers changes with an empty body has carried them out', async () => {
    fake.faults.emptyBodies = true;
    const kept = await snapshot('shop');
    expect(await stop('shop', kept)).toEqual({ held: true, evidence: 'gone' });
    expect(await start('shop', kept)).toEqual({ running: 2 });
    fake.faults.mayNotRead = true;
    expect((await problemOf(snapshot('shop'))).detail).toContain('may not do');
  });

  test('that is restarted while its application stops is looked through', async () => {
    const kept = await snapshot('shop');
    fake.faults.stopTakesMs = 300;
    const stopping = stop('shop', kept);
    await poll('the stop to arrive', 2_000, () => (fake.calls.includes('application.stop') ? true : undefined), 5);
    fake.faults.htmlBadGateway = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
    fake.faults.htmlBadGateway = false;
    expect(await stopping).toEqual({ held: true, evidence: 'gone' });
  });

  test('that does not run is unreachable, and a cancel ends the waiting at once', async () => {
    fake.faults.stopSilentlyFails = true;
    const kept = await snapshot('shop');
    const cancel = new AbortController();
    const stopping = stopApplication(integrations, { ...given('shop'), snapshot: kept, signal: cancel.signal });
    cancel.abort();
    await expect(stopping).rejects.toThrow(/abort/i);
    const elsewhere = application('shop', { url: 'http://127.0.0.1:9' });
    const nobody = await problemOf(snapshotApplication(integrations, { application: elsewhere, signal: never }));
    expect(nobody).toMatchObject({
      type: 'urn:barback:problem:application-unreachable',
      facts: { code: 'ECONNREFUSED' },
    });
  });
});

describe('a compose project of Dokploy', () => {
  test('is stopped with all its services and started again, auto-deploy last', async () => {
    const kept = await snapshot('project');
    expect(await stop('project', kept)).toEqual({ held: true, evidence: 'exited' });
    expect([pids('project'), fake.service('project').row.autoDeploy]).toEqual([0, false]);
    expect(await start('project', kept)).toEqual({ running: 2 });
    expect([pids('project'), fake.service('project').row.autoDeploy]).toEqual([2, true]);
  });
});

test('a secret that others may read is refused before it is sent anywhere', async () => {
  await chmod(scene.keyFile, 0o644);
  expect(await problemOf(snapshot('shop'))).toMatchObject({ type: 'urn:barback:problem:secret-unusable' });
  expect(fake.calls).toEqual([]);
});
