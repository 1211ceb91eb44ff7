import { expect, test } from 'vitest';
import { planView } from './plan-view.ts';
import { makeRebaselinePlan, type RebaselineInput } from './make-rebaseline-plan.ts';
import { rebaselineRequestSchema } from './plan-request.ts';
import { host, live, noon } from './testing/facts.ts';
import { protection, slot } from './testing/protection.ts';

function input(options: object = {}, more: Partial<RebaselineInput> = {}): RebaselineInput {
  return {
    id: '01m83wec9s5hpknax5fqgkq4z2',
    request: rebaselineRequestSchema.parse({ server: 'main', scenario: 'rebaseline', options }),
    gathered: {
      host: host({
        live: live({
          databases: [
            { name: 'system', sizeBytes: 700 },
            { name: 'postgres', sizeBytes: 50 },
          ],
        }),
      }),
      protection: protection([slot(), slot({ name: 'other' }), slot({ name: 'third' })]),
    },
    agentId: 'agent-1',
    settings: {
      rtoSeconds: null,
      rpoSeconds: null,
      rowLossPercentMax: null,
      tablesMin: null,
      keepDays: 7,
      diskFreePercentMin: 15,
      drillDays: 35,
      backupDays: 8,
      mirrorHours: null,
      slotRetainedMbMax: 10_240,
      approvals: { rebaseline: 2 },
      applications: [],
      smoke: [],
    },
    measures: [],
    earlierSystemIdentifier: null,
    activeRun: null,
    createdAt: noon,
    expiresAt: noon + 1,
    createdBy: 'k',
    ...more,
  };
}

test('the plan freezes how the server is protected, and names no slot but Barman’s and those of the options', () => {
  const plan = makeRebaselinePlan(input({ dropSlots: ['other'] }));
  expect(plan).toMatchObject({
    format: 3,
    scenario: 'rebaseline',
    approvalsRequired: 2,
    basis: { systemIdentifier: '7000000000000000001', timeline: 1, streaming: true, slotName: 'barman' },
    slots: { barman: { name: 'barman' }, others: [{ name: 'other' }] },
    predictions: { scratchBytes: 0, outageSeconds: 0, lost: null },
  });
  expect(JSON.stringify(plan.steps)).not.toContain('third');
  expect(plan.steps.at(-1)?.action).toMatchObject({ params: { expectBytes: 750 } });
  expect(JSON.stringify(makeRebaselinePlan(input()))).toBe(JSON.stringify(makeRebaselinePlan(input())));
});

test('Barman’s own slot is never dropped as one of the others, even when the options name it', () => {
  const plan = makeRebaselinePlan(input({ slot: 'keep', dropSlots: ['barman'] }));
  expect(JSON.stringify(plan.steps)).not.toContain('slot-drop');
  expect(plan.findings.map((one) => one.code)).toEqual(['slot-unknown']);
});

test('its view has no target and no backup, and a drill’s no slots', () => {
  const document = makeRebaselinePlan(input());
  const stored = {
    document,
    bytes: Buffer.from(''),
    hash: 'h',
    createdAt: noon,
    expiresAt: noon + 1,
    approvals: [],
    runId: null,
  };
  const view = planView(stored, noon);
  expect(view).toMatchObject({ scenario: 'rebaseline', protection: { slotName: 'barman' } });
  for (const name of ['target', 'backup', 'timeline', 'stop']) expect(view).not.toHaveProperty(name);
});
