import { cancelRun } from '@barback/api/engine/cancel-run.ts';
import { startRun } from '@barback/api/engine/start-run.ts';
import type { DrillPlan } from '@barback/api/planner/plan-document.ts';
import { problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditOf, openRig, operator, until, type Rig } from '../support/engine-rig.ts';
import { checkStep, leaseStep, runTree, verifyStep } from '../support/engine-steps.ts';

// A restore of live does not wait for what can be made again (T14).

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await rig.close();
});

const protection = { systemIdentifier: null, timeline: null, streaming: true, archiver: false, slotName: null };
const cutover = { protection, dataDirectory: null, service: null, hbaFile: null };

function restorePlan(): string {
  const more = { scenario: 'point-in-time', cutover, applications: [], undoneDdl: 0 };
  return rig.plan([checkStep], more as unknown as Partial<DrillPlan>);
}

/** A drill that works on and on: only its clean-up comes to an end. */
function drillUnderWay(): string {
  rig.agent.course = ({ op }) => (op === 'scratch-verify-manifest' ? { end: 'never' } : { end: 'succeeded' });
  return rig.plan([leaseStep, verifyStep]);
}

async function workIsUnderWay(): Promise<void> {
  await until(
    () => rig.agent.jobsOf('scratch-verify-manifest').length,
    (jobs) => jobs > 0,
  );
}

const refusalOf = (attempt: () => unknown): unknown => {
  try {
    attempt();
  } catch (error) {
    return (error as { problem: unknown }).problem;
  }
  throw new Error('it was not refused');
};

describe('a restore of live', () => {
  test('stops a drill that runs, waits until that has put everything back, and then begins', async () => {
    const engine = rig.engine();
    engine.start();
    const drill = startRun(engine.deps, { planId: drillUnderWay(), actor: operator }).run.id;
    await workIsUnderWay();
    const restore = startRun(engine.deps, { planId: restorePlan(), actor: operator }).run.id;
    expect(runTree(await rig.until(drill, 'cancelled')).slice(-2)).toEqual(['< release succeeded', '= cancelled']);
    expect((await rig.until(restore, 'succeeded')).state).toBe('succeeded');
    const events = auditOf(rig);
    const asked = events.find((one) => one.type === 'run.cancel-requested');
    expect(asked).toMatchObject({ run: drill, actor: operator, data: { preemptedBy: restore } });
    const place = (type: string, run: string): number =>
      events.findIndex((one) => one.type === type && one.run === run);
    expect(place('run.started', restore)).toBeGreaterThan(place('run.finished', drill));
  });

  test('is the only one that waits, and can be given up while it waits', async () => {
    const engine = rig.engine();
    engine.start();
    rig.agent.course = ({ op }) => (op === 'backup-release' ? { end: 'never' } : { end: 'succeeded' });
    const drill = startRun(engine.deps, { planId: rig.plan([leaseStep]), actor: operator }).run.id;
    await until(
      () => rig.agent.jobsOf('backup-release').length,
      (jobs) => jobs > 0,
    );
    const first = startRun(engine.deps, { planId: restorePlan(), actor: operator }).run.id;
    const second = refusalOf(() => startRun(engine.deps, { planId: restorePlan(), actor: operator }));
    expect(second).toMatchObject({ type: 'urn:barback:problem:server-busy' });
    expect(rig.view(first).state).toBe('queued');
    cancelRun(engine.deps, { runId: first, actor: operator });
    await rig.until(first, 'cancelled');
    expect(rig.view(drill).state).toBe('running');
  });

  test('ends a drill that waits for a person as well', async () => {
    const engine = rig.engine();
    engine.start();
    const broken = problem('manifest-mismatch', 'base/5/1259 differs');
    rig.agent.course = ({ op }) =>
      op === 'scratch-verify-manifest' ? { end: 'failed', problem: broken } : { end: 'succeeded' };
    const planId = rig.plan([leaseStep, { ...verifyStep, commits: true }]);
    const drill = startRun(engine.deps, { planId, actor: operator }).run.id;
    await rig.until(drill, 'needs_operator');
    rig.agent.course = () => ({ end: 'succeeded' });
    const restore = startRun(engine.deps, { planId: restorePlan(), actor: operator }).run.id;
    await rig.until(restore, 'succeeded');
    expect(runTree(rig.view(drill)).slice(-2)).toEqual(['< release succeeded', '= cancelled']);
  });

  test('begins after a restart of the api that came between', async () => {
    const first = rig.engine();
    first.start();
    const drill = startRun(first.deps, { planId: drillUnderWay(), actor: operator }).run.id;
    await workIsUnderWay();
    await first.stop();
    const restore = startRun(first.deps, { planId: restorePlan(), actor: operator }).run.id;
    const second = rig.engine();
    second.start();
    await rig.until(restore, 'succeeded');
    expect(rig.view(drill)).toMatchObject({ state: 'cancelled', preemptedBy: restore });
  });

  test('stops no other restore of live', async () => {
    const engine = rig.engine();
    engine.start();
    rig.agent.course = ({ op }) => (op === 'barman-check' ? { end: 'never' } : { end: 'succeeded' });
    const first = startRun(engine.deps, { planId: restorePlan(), actor: operator }).run.id;
    const refused = refusalOf(() => startRun(engine.deps, { planId: restorePlan(), actor: operator }));
    expect(refused).toMatchObject({ type: 'urn:barback:problem:server-busy', facts: { run: first } });
    expect(auditOf(rig).map((one) => one.type)).not.toContain('run.cancel-requested');
  });
});
