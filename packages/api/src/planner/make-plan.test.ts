import { describe, expect, test } from 'vitest';
import { makePlan, type PlanInput } from './make-plan.ts';
import { drillRequestSchema } from './plan-request.ts';
import { obstacles, planState } from './plan-state.ts';
import type { Course } from './course.ts';
import { nothingReplayed } from './replayed-wal.ts';
import { backup, host, noon, picture, segmentBytes } from './testing/facts.ts';

const drawn = picture();
const path = drawn.paths[0];
if (!path) throw new Error('the picture has no path');

/** To everything that Barman holds: segments 2 to 9. */
const course: Course = {
  target: { type: 'latest' },
  path,
  backup: backup(),
  reach: { position: 9 * segmentBytes + 0x1000, breaks: { is: 'end', number: 10 } },
  stop: null,
  lost: { transactions: 0, seconds: 0 },
  wal: { first: 2, last: 9 },
};
const measures = [10, 30, 20].flatMap((seconds) =>
  makePlanSteps().map((step) => ({ step, seconds: step === 'recover' ? seconds : 1, bytes: null })),
);

function makePlanSteps(): string[] {
  return makePlan({ ...bare(), measures: [] }).steps.map((step) => step.name);
}

function bare(): PlanInput {
  return {
    id: '01m83wec9s5hpknax5fqgkq4z2',
    request: drillRequestSchema.parse({ server: 'main', scenario: 'drill', target: { type: 'latest' } }),
    gathered: { host: host(), backups: [backup()], clock: { offset: 0, uncertainty: 0 } },
    picture: drawn,
    course,
    replayed: nothingReplayed,
    scratchFiles: 1_000,
    mirrored: null,
    agentId: 'agent-1',
    settings: {
      rtoSeconds: 900,
      rpoSeconds: null,
      rowLossPercentMax: 5,
      tablesMin: 1,
      keepDays: 7,
      diskFreePercentMin: 15,
      drillDays: 35,
      backupDays: 8,
      mirrorHours: null,
      slotRetainedMbMax: 10_240,
      approvals: { drill: 1 },
      applications: [],
      smoke: [],
    },
    measures: [],
    earlierSystemIdentifier: null,
    activeRun: null,
    createdAt: noon,
    expiresAt: noon + 1,
    createdBy: 'k',
  };
}
const input: PlanInput = { ...bare(), measures };

describe('a plan', () => {
  test('is the same for the same request and facts: it is pure', () => {
    expect(JSON.stringify(makePlan(input))).toBe(JSON.stringify(makePlan(input)));
  });

  test('says what it needs, how long it will take and who must approve', () => {
    expect(makePlan(input)).toMatchObject({
      timeline: 1,
      predictions: {
        scratchBytes: 1_000_000,
        walBytes: 8 * segmentBytes,
        seconds: {
          median: 19 + makePlanSteps().length,
          min: ((9 + makePlanSteps().length) * 8) / 10,
          max: 1.25 * (29 + makePlanSteps().length),
        },
        outageSeconds: 0,
        lost: { transactions: 0, seconds: 0 },
      },
      basis: {
        systemIdentifier: '7000000000000000001',
        timeline: 1,
        wal: [{ first: '000000010000000000000002', last: '000000010000000000000009' }],
      },
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

  test('promises the transactions on both sides of its stop, and makes the proof of it agree with them', () => {
    const end = (xid: number, position: number) => ({ kind: 'commit' as const, xid, position, time: noon + xid });
    const [lastKept, firstUndone] = [end(740, 5 * segmentBytes + 40), end(741, 5 * segmentBytes + 80)];
    const candidate = { timeline: 1, position: firstUndone.position, inclusive: false };
    const lost = { transactions: 5, seconds: 60 };
    const stop = { candidate, lastKept, lastEnd: lastKept, firstUndone, stampedEarlier: [], lost };
    const plan = makePlan({ ...input, course: { ...course, stop } });
    expect(plan.stop).toMatchObject({
      lastKept: { xid: 740 },
      firstUndone: { xid: 741 },
      lsn: '0/5000050',
      abandoned: false,
    });
    expect(plan.steps.find((step) => step.name === 'replay')?.action).toMatchObject({
      params: {
        expect: { record: '0/5000050', lastKept: { xid: 740 }, firstUndone: { xid: 741 }, lastEndTime: noon + 740 },
      },
    });
  });
});

describe('the state of a plan', () => {
  const plan = makePlan(input);
  const world = { runId: null, approvals: 1, expiresAt: noon + 1, now: noon };

  test('is ready only with its approvals, in time, without obstacles, and once', () => {
    expect(planState(plan, world)).toBe('ready');
    expect(planState(plan, { ...world, approvals: 0 })).toBe('needs_approval');
    expect(planState(plan, { ...world, now: noon + 1 })).toBe('expired');
    expect(planState({ ...plan, format: 2 }, world)).toBe('expired');
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
