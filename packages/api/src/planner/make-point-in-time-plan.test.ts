import { describe, expect, test } from 'vitest';
import type { Course } from './course.ts';
import { makePointInTimePlan, type PointInTimeInput } from './make-point-in-time-plan.ts';
import { pointInTimeRequestSchema } from './plan-request.ts';
import { nothingReplayed } from './replayed-wal.ts';
import { gatheredCutover, liveHost } from './testing/cutover.ts';
import { backup, host, noon, picture, segmentBytes } from './testing/facts.ts';

const drawn = picture();
const path = drawn.paths[0];
if (!path) throw new Error('the picture has no path');

/** Just before the transaction 901 in segment 5. */
const course: Course = {
  target: { type: 'lsn', lsn: '0/5000100', inclusive: false },
  path,
  backup: backup(),
  reach: { position: 9 * segmentBytes + 0x1000, breaks: { is: 'end', number: 10 } },
  stop: null,
  lost: { transactions: 12, seconds: 60 },
  wal: { first: 2, last: 6 },
};

function planOf(options: object = {}, more: Partial<PointInTimeInput> = {}) {
  const target = { type: 'before-transaction', xid: 901 };
  return makePointInTimePlan({
    id: '01m83wec9s5hpknax5fqgkq4z2',
    request: pointInTimeRequestSchema.parse({ server: 'main', scenario: 'point-in-time', target, options }),
    gathered: { host: liveHost, backups: [backup()], clock: { offset: 0, uncertainty: 0 } },
    picture: drawn,
    course,
    replayed: nothingReplayed,
    scratchFiles: 1_000,
    cutover: gatheredCutover(),
    undoneDdl: 0,
    destroyed: null,
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
      approvals: {},
      applications: [],
      smoke: [],
    },
    measures: [],
    earlierSystemIdentifier: null,
    activeRun: null,
    adopted: null,
    createdAt: noon,
    expiresAt: noon + 1,
    createdBy: 'k',
    ...more,
  });
}

const names = (plan: ReturnType<typeof planOf>): string[] => plan.steps.map((step) => step.name);
const outage = ['fence', 'stop-live', 'save-tail', 'swap', 'start-live', 'renew-slot', 'verify', 'open'];

describe('a plan of a restore of live', () => {
  test('does everything long before anybody is kept out, and the new baseline afterwards (T22)', () => {
    const all = names(planOf());
    const first = all.indexOf('fence');
    expect(all.slice(first, first + outage.length)).toEqual(outage);
    const before = `look-at-host look-at-backup look-at-wal recheck look-at-protection look-at-cutover recheck-cutover check
      lease protect-future recover verify-manifest start replay probe compare-credentials credentials slot promote
      carry-credentials disable-subscriptions judge seal checkpoint`;
    expect(all.slice(0, first)).toEqual(before.split(/\s+/));
    const after =
      'start-receive-wal timeline-archived backup check-passed steady analyze subscriptions enable-subscriptions';
    expect(all.slice(first + outage.length)).toEqual(after.split(' '));
  });

  test('has exactly one point of no return: when live is open', () => {
    const plan = planOf();
    expect(plan.steps.filter((step) => step.commits).map((step) => step.name)).toEqual(['open']);
  });

  test('puts everything back that lies before it, in an order in which each finds what it needs', () => {
    const plan = planOf();
    const inverses = plan.steps.flatMap(({ inverse }) => (inverse?.when === 'failure' ? [inverse.name] : []));
    expect(inverses.toReversed()).toEqual(['discard-backup', 'stop-new', 'swap-back', 'start-old', 'unfence']);
  });

  test('stops whoever writes before the copy is made when asked to', () => {
    const all = names(planOf({ stopFirst: true }));
    expect(all.indexOf('fence')).toBeLessThan(all.indexOf('protect-future'));
    expect(all.filter((name) => name === 'fence')).toHaveLength(1);
  });

  test.each(['paused', 'promoted'] as const)('waits at a gate that cancels by itself to be inspected %s', (inspect) => {
    const plan = planOf({ inspect, inspectFor: '10m' });
    const gate = plan.steps.find((step) => step.name === 'inspect');
    expect(gate?.action).toMatchObject({ on: 'person', atDeadline: 'cancel', deadlineMs: 600_000 });
    const all = names(plan);
    expect(all.indexOf('inspect') < all.indexOf('promote')).toBe(inspect === 'paused');
    expect(all.indexOf('inspect')).toBeLessThan(all.indexOf('seal'));
  });

  test('asks whose passwords count only when they differ and nobody has said it, and never of a live that is down (T33)', () => {
    const gate = planOf().steps.find((step) => step.name === 'credentials');
    expect(gate?.onlyIf).toEqual({ step: 'compare-credentials', field: 'differ', is: true });
    expect(names(planOf({ credentials: 'of-live' }))).toContain('carry-credentials');
    expect(names(planOf({ credentials: 'of-live' }))).not.toContain('credentials');
    expect(names(planOf({ credentials: 'of-target' }))).not.toContain('carry-credentials');
    expect(names(planOf({}, { gathered: down }))).not.toContain('compare-credentials');
  });

  test("empties the names that commits would wait for, and sets them again on a person's word (T28)", () => {
    const sealOf = (plan: ReturnType<typeof planOf>) => plan.steps.find((step) => step.name === 'seal')?.action;
    expect(sealOf(planOf())).toMatchObject({ params: { server: 'main' } });
    expect(names(planOf())).not.toContain('standbys');
    const live = { ...liveHost.live, settings: { ...liveHost.live?.settings, synchronous_standby_names: 'replica' } };
    const gathered = {
      host: { ...liveHost, live } as typeof liveHost,
      backups: [backup()],
      clock: { offset: 0, uncertainty: 0 },
    };
    const waiting = planOf({}, { gathered });
    expect(sealOf(waiting)).toMatchObject({ params: { emptySynchronousNames: true } });
    expect(names(waiting).slice(-2)).toEqual(['standbys', 'synchronous-names']);
    expect(waiting.steps.at(-1)?.onlyIf).toEqual({ step: 'standbys', field: 'decision', is: 'back' });
    // What a live that is down waits for is not known: its commits must not.
    expect(sealOf(planOf({}, { gathered: down }))).toMatchObject({ params: { emptySynchronousNames: true } });
  });

  test('can wait once more with the fence still on', () => {
    const all = names(planOf({ confirmBeforeOpen: true }));
    expect(all.indexOf('confirm-open')).toBe(all.indexOf('open') - 1);
  });

  test('in place: deletes live only when it is stopped, saved and sure to make room, and then there is no way back', () => {
    const plan = planOf({ inPlace: true });
    const all = names(plan);
    const order = [
      'protect-future',
      'verify-stored',
      'fence',
      'stop-live',
      'save-tail',
      'look-at-room',
      'discard-live',
      'recover',
      'seal',
      'swap',
      'open',
    ];
    expect(all.filter((name) => order.includes(name))).toEqual(order);
    expect(plan.steps.filter((step) => step.commits).map((step) => step.name)).toEqual(['discard-live', 'open']);
    expect(plan.approvalsRequired).toBe(1);
    expect(plan.predictions.undo).toMatch(/^there is none/);
    expect(all).not.toContain('compare-credentials');
    for (const refused of [{ inspect: 'paused' }, { confirmBeforeOpen: true }, { adopt: plan.id }]) {
      expect(() => planOf({ inPlace: true, ...refused }), JSON.stringify(refused)).toThrow('leave it out with inPlace');
    }
  });

  test('goes on from a copy that another plan has paused: nothing is copied but the WAL from there', () => {
    const adopted = {
      run: 'r',
      plan: '01m83wec9s5hpknax5fqgkq4z3',
      backupId: backup().id,
      timeline: path.timeline,
      position: 4 * segmentBytes + 5,
    };
    const plan = planOf({ inspect: 'paused' }, { adopted, activeRun: { id: 'r', givesWay: false } });
    expect(plan.predictions).toMatchObject({ scratchBytes: 0, walBytes: 3 * segmentBytes });
    expect(names(plan)).not.toContain('recover');
    const step = plan.steps.find(({ name }) => name === 'adopt');
    expect(step?.action).toMatchObject({ op: 'scratch-adopt', params: { from: adopted.plan, target: course.target } });
    expect(step?.inverse?.name).toBe('discard');
    expect(plan.findings.map(({ code }) => code)).not.toContain('other-run');
  });

  test('leaves out what only a running live can do when it is down', () => {
    expect(names(planOf({}, { gathered: down }))).not.toContain('checkpoint');
  });

  test('makes no slot for a server that archives by command, and tells the copy to queue its history (T25)', () => {
    const cutover = gatheredCutover({
      settings: {
        walLevel: 'logical',
        trackCommitTimestamp: true,
        walLogHints: true,
        archiveMode: 'on',
        maxReplicationSlots: 3,
      },
    });
    const archiving = {
      ...cutover,
      protection: { ...cutover.protection, streaming: false, archiver: true, slotName: null },
    };
    const plan = planOf({}, { cutover: archiving });
    expect(names(plan)).not.toContain('slot');
    expect(names(plan)).not.toContain('start-receive-wal');
    const start = plan.steps.find((step) => step.name === 'start')?.action;
    expect(start).toMatchObject({
      params: { goesLive: { walLevel: 'logical', archiveMode: 'on', trackCommitTimestamp: true, walLogHints: true } },
    });
  });

  test('says whom it cannot replace, and starts nothing', () => {
    const plan = planOf({}, { cutover: gatheredCutover({ service: null }) });
    expect(plan.findings[0]).toMatchObject({ code: 'service-unknown', severity: 'blocking' });
  });

  test('does not promise an outage that was never measured', () => {
    expect(planOf().predictions.outageSeconds).toBeNull();
    const measures = names(planOf()).flatMap((step) => [1, 2, 3].map((seconds) => ({ step, seconds, bytes: null })));
    expect(planOf({}, { measures }).predictions.outageSeconds).toBe(2 * (outage.length - 1));
  });
});

const down = {
  host: host({ live: null, liveState: 'stopped', dataDirectory: liveHost.dataDirectory }),
  backups: [backup()],
  clock: { offset: 0, uncertainty: 0 },
};
