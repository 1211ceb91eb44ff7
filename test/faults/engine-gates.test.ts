import { decideGate } from '@barback/api/engine/decide-gate.ts';
import type { RunView } from '@barback/api/engine/run-view.ts';
import { startRun } from '@barback/api/engine/start-run.ts';
import type { Step } from '@barback/api/scenarios/step.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditOf, openRig, operator, type Rig } from '../support/engine-rig.ts';
import { gateStep, leaseStep, runTree } from '../support/engine-steps.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await rig.close();
});

describe('a run', () => {
  test('waits at a gate for a person, and takes the choice of the plan at the deadline', async () => {
    const engine = rig.engine();
    engine.start();
    const start = (planId: string): string => startRun(engine.deps, { planId, actor: operator }).run.id;
    const decided = start(rig.plan([leaseStep, gateStep]));
    const waiting = await rig.until(decided, 'waiting');
    expect(waiting.gate).toMatchObject({ name: 'inspect', choices: ['go on'], atDeadline: 'cancel' });
    const decide = (decision: string): RunView =>
      decideGate(engine.deps, { runId: decided, gate: 'inspect', decision, note: 'fine', actor: operator });
    expect(() => decide('perhaps')).toThrow('no choice');
    decide('go on');
    expect(() => decide('go on')).toThrow('does not wait');
    expect(runTree(await rig.until(decided, 'succeeded'))).toContain('inspect succeeded');
    const action = { ...gateStep.action, deadlineMs: 50 };
    const late = start(rig.plan([leaseStep, { ...gateStep, action }]));
    expect(runTree(await rig.until(late, 'cancelled'))).toEqual([
      'lease succeeded',
      'inspect cancelled',
      '< release succeeded',
      '= cancelled',
    ]);
    expect(
      auditOf(rig)
        .filter((event) => event.type === 'gate.decided')
        .map((event) => event.actor.kind),
    ).toEqual(['key', 'engine']);
  });

  test('leaves to another plan what is handed over at a gate, and puts back everything else', async () => {
    const handsOver = { choices: ['go on', 'hand-over'], handsOver: 'release' };
    const { inverse } = leaseStep;
    const kept = { ...leaseStep, name: 'other', inverse: { ...inverse, name: 'put-back' } } as Step;
    const gate = { ...gateStep, action: { ...gateStep.action, ...handsOver } } as Step;
    const engine = rig.engine();
    engine.start();
    const { id: runId } = startRun(engine.deps, { planId: rig.plan([leaseStep, kept, gate]), actor: operator }).run;
    await rig.until(runId, 'waiting');
    decideGate(engine.deps, { runId, gate: 'inspect', decision: 'hand-over', note: null, actor: operator });
    const ended = await rig.until(runId, 'cancelled', 'succeeded', 'failed');
    expect(ended.state).toBe('cancelled');
    expect(rig.agent.jobsOf('backup-release')).toHaveLength(1);
    expect(runTree(ended)).toContain('< put-back succeeded');
  });

  test('passes over what an earlier answer gives no reason for, without asking anybody', async () => {
    const onlyIf = { step: leaseStep.name, field: 'differ', is: true };
    const engine = rig.engine();
    engine.start();
    const { id } = startRun(engine.deps, {
      planId: rig.plan([leaseStep, { ...gateStep, onlyIf }]),
      actor: operator,
    }).run;
    const ended = await rig.until(id, 'succeeded', 'waiting');
    expect(runTree(ended)).toEqual(['lease succeeded', 'inspect skipped', '< release succeeded', '= succeeded']);
    expect(auditOf(rig).some((event) => event.type === 'gate.opened')).toBe(false);
  });
});
