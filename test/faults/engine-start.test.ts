import { startRun } from '@barback/api/engine/start-run.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRig, operator, server, type Rig } from '../support/engine-rig.ts';
import { checkStep, leaseStep } from '../support/engine-steps.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await rig.close();
});

describe('starting a run', () => {
  const failing = (attempt: () => unknown): Problem => {
    try {
      attempt();
    } catch (error) {
      return (error as { problem: Problem }).problem;
    }
    throw new Error('it was not refused');
  };

  test('answers twice with the same run', () => {
    const { deps } = rig.engine();
    const planId = rig.plan([checkStep]);
    const first = startRun(deps, { planId, actor: operator });
    const second = startRun(deps, { planId, actor: operator });
    expect([first.created, second.created, second.run.id]).toEqual([true, false, first.run.id]);
  });

  test.each([
    ['plan-expired', { expiresAt: '2020-01-01T00:00:00.000000Z' }],
    ['plan-outdated', { format: 2 as const }],
    ['approval-required', { approvalsRequired: 1 }],
    ['plan-blocked', { findings: [{ code: 'x', severity: 'blocking' as const, title: '', detail: '', remedy: '' }] }],
    ['plan-blocked', { findings: [{ code: 'x', severity: 'confirm' as const, title: '', detail: '', remedy: '' }] }],
  ])('is refused as %s', (type, more) => {
    const { deps } = rig.engine();
    const planId = rig.plan([checkStep], more);
    expect(failing(() => startRun(deps, { planId, actor: operator })).type).toBe(`urn:barback:problem:${type}`);
  });

  test("is allowed when what must be confirmed was acknowledged, and the named hash is the plan's", () => {
    const { deps } = rig.engine();
    const findings = [{ code: 'x', severity: 'confirm' as const, title: '', detail: '', remedy: '' }];
    const planId = rig.plan([checkStep], { findings, options: { acknowledge: ['x'] } });
    const ifMatch = '"0000"';
    expect(failing(() => startRun(deps, { planId, actor: operator, ifMatch })).type).toContain('plan-changed');
    expect(startRun(deps, { planId, actor: operator }).created).toBe(true);
  });

  test('is refused while another run has the server, naming it', () => {
    const { deps } = rig.engine();
    const { run } = startRun(deps, { planId: rig.plan([checkStep]), actor: operator });
    const refused = failing(() => startRun(deps, { planId: rig.plan([leaseStep]), actor: operator }));
    expect(refused).toMatchObject({ type: 'urn:barback:problem:server-busy', facts: { run: run.id } });
    expect(refused.detail).toContain(server);
  });
});
