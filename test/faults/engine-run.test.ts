import { cancelRun } from '@barback/api/engine/cancel-run.ts';
import { resumeRun } from '@barback/api/engine/resume-run.ts';
import { runViewSchema } from '@barback/api/engine/run-view.ts';
import { startRun } from '@barback/api/engine/start-run.ts';
import { problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditOf, openRig, operator, until, type Rig } from '../support/engine-rig.ts';
import {
  checkStep,
  discardStep,
  drillSteps,
  leaseStep,
  runTree,
  stopStep,
  verifyStep,
} from '../support/engine-steps.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await rig.close();
});

function begin(planId: string): string {
  const engine = rig.engine();
  engine.start();
  return startRun(engine.deps, { planId, actor: operator }).run.id;
}

const broken = problem('manifest-mismatch', 'base/5/1259 differs');

describe('a run', () => {
  test('takes a drill from its plan to its result, and leaves a chain that verifies', async () => {
    const id = begin(rig.plan(drillSteps()));
    const ended = runViewSchema.parse(await rig.until(id, 'succeeded', 'failed'));
    expect(ended).toMatchObject({ state: 'succeeded', liveDatabase: 'old-running', problem: null, gate: null });
    expect(ended.result).toMatchObject({ backupId: '20261122T120000', manifest: 'verified' });
    expect(runTree(ended)).toMatchInlineSnapshot(`
      [
        "look-at-host succeeded",
        "look-at-backup succeeded",
        "look-at-wal succeeded",
        "recheck succeeded",
        "check succeeded",
        "lease succeeded",
        "recover succeeded",
        "verify-manifest succeeded",
        "start succeeded",
        "replay succeeded",
        "probe succeeded",
        "promote succeeded",
        "count-live succeeded",
        "compare succeeded",
        "judge succeeded",
        "< stop succeeded",
        "< discard succeeded",
        "< release succeeded",
        "= succeeded",
      ]
    `);
    const types = auditOf(rig).map((event) => event.type);
    expect(types.slice(0, 3)).toEqual(['log.opened', 'run.created', 'run.started']);
    const claimed = types.indexOf('fence.claimed');
    // Everything is only looked at before the server is taken over.
    expect(types.slice(3, claimed)).toEqual(
      Array.from({ length: 5 }, () => ['step.intended', 'step.succeeded']).flat(),
    );
    expect(types.filter((type) => type === 'step.succeeded')).toHaveLength(18);
    expect(types.at(-1)).toBe('run.finished');
  });

  test('names in every event of an attempt the request and the receipt that prove it', async () => {
    const id = begin(rig.plan([leaseStep]));
    await rig.until(id, 'succeeded');
    const ended = auditOf(rig).find((event) => event.type === 'step.succeeded');
    const { evidence } = (ended?.data ?? {}) as { evidence?: { request: string; receipt: string } };
    const stored = rig.database.sqlite
      .prepare('SELECT kind FROM documents WHERE sha256 IN (?, ?) ORDER BY kind')
      .pluck();
    expect(stored.all(evidence?.request, evidence?.receipt)).toEqual(['receipt', 'request']);
  });

  test('puts back what it began when a step fails, and says why', async () => {
    rig.agent.course = ({ op }) =>
      op === 'scratch-verify-manifest' ? { end: 'failed', problem: broken } : { end: 'succeeded' };
    const id = begin(rig.plan(drillSteps()));
    const ended = await rig.until(id, 'succeeded', 'failed');
    expect(ended.problem).toEqual(broken);
    expect(ended.result).toMatchObject({ manifest: null, lastReplayed: null });
    expect(runTree(ended)).toMatchInlineSnapshot(`
      [
        "look-at-host succeeded",
        "look-at-backup succeeded",
        "look-at-wal succeeded",
        "recheck succeeded",
        "check succeeded",
        "lease succeeded",
        "recover succeeded",
        "verify-manifest failed",
        "start skipped",
        "replay skipped",
        "probe skipped",
        "promote skipped",
        "count-live skipped",
        "compare skipped",
        "judge skipped",
        "< stop skipped",
        "< discard succeeded",
        "< release succeeded",
        "= failed",
      ]
    `);
  });

  test('ends as cancelled when its job is cancelled, with everything put back', async () => {
    rig.agent.course = ({ op }) => (op === 'scratch-recover' ? { end: 'never' } : { end: 'succeeded' });
    const engine = rig.engine();
    engine.start();
    const { id } = startRun(engine.deps, { planId: rig.plan(drillSteps()), actor: operator }).run;
    await until(
      () => rig.agent.jobsOf('scratch-recover'),
      (jobs) => jobs.length === 1,
    );
    cancelRun(engine.deps, { runId: id, actor: operator });
    const ended = await rig.until(id, 'succeeded', 'failed', 'cancelled');
    expect(runTree(ended)).toMatchInlineSnapshot(`
      [
        "look-at-host succeeded",
        "look-at-backup succeeded",
        "look-at-wal succeeded",
        "recheck succeeded",
        "check succeeded",
        "lease succeeded",
        "recover cancelled",
        "verify-manifest skipped",
        "start skipped",
        "replay skipped",
        "probe skipped",
        "promote skipped",
        "count-live skipped",
        "compare skipped",
        "judge skipped",
        "< stop skipped",
        "< discard succeeded",
        "< release succeeded",
        "= cancelled",
      ]
    `);
    expect(rig.agent.jobsOf('scratch-discard')).toHaveLength(1);
    expect(() => cancelRun(engine.deps, { runId: id, actor: operator })).toThrow('has ended');
  });

  test('looks at the world when a job is lost: complete is adopted, absent is repeated, half is thrown away', async () => {
    const observations = [
      { is: 'complete' as const, result: { previous: 'none', leases: 1 } },
      { is: 'absent' as const },
      { is: 'partial' as const, facts: { files: 3 } },
    ];
    rig.agent.course = ({ op, attempt }) => {
      if (op === 'backup-lease') return { end: 'lost', observed: observations[0] as never };
      if (op !== 'scratch-verify-manifest') return { end: 'succeeded' };
      return { end: 'lost', observed: observations[attempt ?? 0] as never };
    };
    const id = begin(rig.plan([leaseStep, verifyStep]));
    const ended = await rig.until(id, 'succeeded', 'failed');
    expect(runTree(ended)).toEqual(['lease succeeded', 'verify failed', '< release succeeded', '= failed']);
    expect(ended.steps[1]?.attempts).toBe(2);
    expect(ended.problem?.type).toBe('urn:barback:problem:job-lost');
    const observed = auditOf(rig).filter((event) => event.type === 'step.observed');
    expect(observed.map((event) => (event.data as { is: string }).is)).toEqual(['succeeded', 'absent', 'partial']);
  });

  test('shows half a destruction to a person, and unwinds only after their word', async () => {
    rig.agent.course = ({ op }) =>
      op === 'scratch-discard' ? { end: 'lost', observed: { is: 'partial', facts: {} } } : { end: 'succeeded' };
    const engine = rig.engine();
    engine.start();
    const { id } = startRun(engine.deps, { planId: rig.plan([leaseStep, discardStep]), actor: operator }).run;
    const halted = await rig.until(id, 'needs_operator');
    expect(runTree(halted)).toEqual(['lease succeeded', 'discard failed', '< release pending', '= needs_operator']);
    expect(rig.agent.jobsOf('backup-release')).toHaveLength(0);
    resumeRun(engine.deps, { runId: id, note: 'looked at it', actor: operator });
    expect(runTree(await rig.until(id, 'failed'))).toEqual([
      'lease succeeded',
      'discard failed',
      '< release succeeded',
      '= failed',
    ]);
    expect(rig.agent.jobsOf('scratch-discard')).toHaveLength(1);
  });

  test('does not send a destruction again to an agent that has forgotten that it had it', async () => {
    rig.agent.course = ({ op }) => (op === 'scratch-discard' ? { end: 'never' } : { end: 'succeeded' });
    const id = begin(rig.plan([leaseStep, discardStep]));
    const accepted = rig.database.sqlite
      .prepare('SELECT opid FROM attempts WHERE step = 1 AND receipt IS NOT NULL')
      .pluck();
    const opid = await until(
      () => accepted.get(),
      (found) => found !== undefined,
    );
    rig.agent.forget(String(opid));
    const halted = await rig.until(id, 'needs_operator', 'succeeded', 'failed');
    expect(halted).toMatchObject({ state: 'needs_operator', problem: { type: 'urn:barback:problem:job-lost' } });
    expect(rig.agent.jobsOf('scratch-discard')).toHaveLength(0);
  });

  test('is cancelled when it needs an operator: what is final stays, and everything else is cleared away', async () => {
    const engine = rig.engine();
    engine.start();
    rig.agent.course = ({ op }) =>
      op === 'scratch-verify-manifest' ? { end: 'failed', problem: broken } : { end: 'succeeded' };
    const final = { ...checkStep, commits: true } as const;
    const { id } = startRun(engine.deps, { planId: rig.plan([leaseStep, final, verifyStep]), actor: operator }).run;
    await rig.until(id, 'needs_operator');
    cancelRun(engine.deps, { runId: id, actor: operator });
    expect(runTree(await rig.until(id, 'cancelled', 'failed', 'succeeded'))).toEqual([
      'lease succeeded',
      'check succeeded',
      'verify failed',
      '< release succeeded',
      '= cancelled',
    ]);
  });

  test('says since when an agent cannot be reached, and goes on when it can', async () => {
    let reachable = false;
    rig.agent.reachable = ({ op }) => reachable || op !== 'backup-lease';
    const id = begin(rig.plan([leaseStep]));
    const stuck = await until(
      () => rig.view(id),
      (run) => run.steps[0]?.error != null,
    );
    expect(stuck.steps[0]).toMatchObject({ state: 'running', attempts: 1 });
    expect(stuck.steps[0]?.error).toMatchObject({
      type: 'urn:barback:problem:agent-unreachable',
      facts: { since: expect.stringMatching(/^20.*Z$/) as unknown },
    });
    reachable = true;
    const ended = await rig.until(id, 'succeeded', 'failed');
    expect(ended.steps[0]).toMatchObject({ state: 'succeeded', attempts: 1, error: null });
    expect(rig.agent.jobsOf('backup-lease')).toHaveLength(1);
  });

  test('never takes the server from a plan that it does not know', async () => {
    rig.agent.fence = { fence: 4, plan: '01j0000000000000000000000a' };
    const id = begin(rig.plan([checkStep, leaseStep]));
    const ended = await rig.until(id, 'succeeded', 'failed');
    expect(ended.problem).toMatchObject({ type: 'urn:barback:problem:fence-stale', facts: { fence: 4 } });
    expect(rig.agent.fence.fence).toBe(4);
    expect(rig.agent.jobs.size).toBe(0);
  });

  test('takes over from its own finished runs, and stops being served when somebody else takes over', async () => {
    const engine = rig.engine();
    engine.start();
    const start = (planId: string): string => startRun(engine.deps, { planId, actor: operator }).run.id;
    await rig.until(start(rig.plan([leaseStep])), 'succeeded');
    rig.agent.course = ({ op }) => (op === 'scratch-stop' ? { end: 'never' } : { end: 'succeeded' });
    const second = start(rig.plan([leaseStep, stopStep, verifyStep]));
    const [stop] = await until(
      () => rig.agent.jobsOf('scratch-stop'),
      (jobs) => jobs.length === 1,
    );
    rig.agent.fence = { fence: 9, plan: '01j0000000000000000000000a' };
    rig.agent.endJob(stop?.claims.opid ?? '', { end: 'succeeded' });
    await until(
      () => rig.view(second),
      (run) => run.steps.some((step) => step.name === 'verify' && step.state === 'failed'),
    );
    expect(rig.agent.jobsOf('scratch-verify-manifest')).toHaveLength(0);
  });
});
