import { describe, expect, test } from 'vitest';
import { makePlan, type PlanInput } from './make-plan.ts';
import { planRequestSchema } from './plan-request.ts';
import { obstacles, planState } from './plan-state.ts';
import { predictSeconds } from './predict.ts';
import { backup, host, live, noon, wal } from './testing/facts.ts';

const input: PlanInput = {
  id: '01m83wec9s5hpknax5fqgkq4z2',
  request: planRequestSchema.parse({ server: 'main', scenario: 'drill', target: { type: 'latest' } }),
  gathered: { host: host(), backups: [backup()], wal: wal() },
  agentId: 'agent-1',
  settings: { rtoSeconds: 900, rpoSeconds: null, rowLossPercentMax: 5, tablesMin: 1, approvals: { drill: 1 } },
  earlierSeconds: [10, 30, 20],
  earlierSystemIdentifier: null,
  activeRun: null,
  createdAt: noon,
  expiresAt: noon + 1,
  createdBy: 'k',
};

describe('a plan', () => {
  test('is the same for the same request and facts: it is pure', () => {
    expect(JSON.stringify(makePlan(input))).toBe(JSON.stringify(makePlan(input)));
  });

  test('says what it needs, how long it will take and who must approve', () => {
    expect(makePlan(input)).toMatchObject({
      timeline: 1,
      predictions: { scratchBytes: 1_000_000, walBytes: 8 * 16 * 1024 * 1024, seconds: 20 },
      approvalsRequired: 1,
      findings: [],
      systemIdentifier: '7000000000000000001',
    });
  });

  test('gives the copy at least the settings of live, and the bounds of the server to the judge', () => {
    const steps = makePlan(input).steps;
    const start = steps.find((step) => step.name === 'start')?.action;
    expect(start).toMatchObject({ params: { settings: { maxConnections: 200, maxLocksPerTransaction: 64 } } });
    expect(steps.find((step) => step.name === 'judge')?.action).toMatchObject({
      params: { rowLossPercentMax: 5, tablesMin: 1 },
    });
  });

  test('of the end of a backup needs only the WAL of the backup', () => {
    const request = planRequestSchema.parse({ server: 'main', scenario: 'drill', target: { type: 'immediate' } });
    expect(makePlan({ ...input, request }).predictions.walBytes).toBe(16 * 1024 * 1024);
  });

  test('follows the timeline of live, and the newest that Barman knows when live is down', () => {
    const histories = [{ timeline: 3, ancestors: [{ timeline: 1, switchLsn: '0/3000000', reason: '' }] }];
    const of = (facts: ReturnType<typeof host>): number =>
      makePlan({ ...input, gathered: { host: facts, backups: [backup()], wal: wal({ histories }) } }).timeline;
    expect([of(host({ live: live({ timeline: 1 }) })), of(host({ live: null }))]).toEqual([1, 3]);
  });
});

describe('the state of a plan', () => {
  const plan = makePlan(input);
  const world = { runId: null, approvals: 1, expiresAt: noon + 1, now: noon };

  test('is ready only with its approvals, in time, without obstacles, and once', () => {
    expect(planState(plan, world)).toBe('ready');
    expect(planState(plan, { ...world, approvals: 0 })).toBe('needs_approval');
    expect(planState(plan, { ...world, now: noon + 1 })).toBe('expired');
    expect(planState(plan, { ...world, runId: 'r' })).toBe('started');
  });

  test('is blocked by what blocks, and by what must be confirmed until it is acknowledged', () => {
    const finding = { code: 'c', severity: 'confirm', title: '', detail: '', remedy: '' } as const;
    const flawed = { ...plan, findings: [finding] };
    expect(planState(flawed, world)).toBe('blocked');
    expect(planState({ ...flawed, options: { acknowledge: ['c'] } }, world)).toBe('ready');
    const blocking = {
      ...plan,
      findings: [{ ...finding, severity: 'blocking' as const }],
      options: { acknowledge: ['c'] },
    };
    expect(obstacles(blocking)).toHaveLength(1);
  });
});

test('a prediction is the median of earlier drills, and nothing without any', () => {
  expect([predictSeconds([]), predictSeconds([7]), predictSeconds([1, 100]), predictSeconds([9, 1, 2])]).toEqual([
    null,
    7,
    50.5,
    2,
  ]);
});
