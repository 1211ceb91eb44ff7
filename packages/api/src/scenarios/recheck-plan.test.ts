import { describe, expect, test } from 'vitest';
import { backup, host, live, segmentBytes } from '../planner/testing/facts.ts';
import type { PlanBasis } from './plan-basis.ts';
import { recheckPlan, type RecheckInput } from './recheck-plan.ts';

const name = (number: number, timeline = 1) =>
  `0000000${timeline}00000000000000${number.toString(16).toUpperCase().padStart(2, '0')}`;

const basis: PlanBasis = {
  systemIdentifier: '7000000000000000001',
  timeline: 1,
  backup: { id: '20261122T115900', status: 'DONE', endLsn: '0/2000138' },
  segmentBytes,
  wal: [
    { first: name(2), last: name(4) },
    { first: name(5, 2), last: name(7, 2) },
  ],
};

type Runs = RecheckInput['wal']['runs'];
const run = (first: number, last: number, timeline = 1, place: Runs[number]['place'] = 'archived'): Runs[number] => ({
  timeline,
  first: name(first, timeline),
  last: name(last, timeline),
  place,
});

function wal(runs: Runs): RecheckInput['wal'] {
  return {
    time: 0,
    segmentBytes,
    histories: [],
    unreadableHistories: [],
    runs,
    oddFiles: [],
    partialFiles: [],
    changed: null,
    catalogue: '1',
    live: null,
  };
}

const whole = [run(1, 9), run(5, 9, 2)];
const same: RecheckInput = { basis, host: host(), backup: backup(), wal: wal(whole) };

function differences(more: Partial<RecheckInput>) {
  const problem = recheckPlan({ ...same, ...more });
  return problem && { type: problem.type, detail: problem.detail, facts: problem['facts'] };
}

describe('a plan', () => {
  test('holds while all is as it was', () => {
    expect(recheckPlan(same)).toBeNull();
  });

  test('holds while live is down: nothing says that it became another', () => {
    expect(differences({ host: host({ live: null, liveState: 'stopped' }) })).toBeNull();
    expect(differences({ basis: { ...basis, systemIdentifier: null, timeline: null } })).toBeNull();
  });

  test.each<[string, Partial<RecheckInput>, string]>([
    [
      'live is another cluster',
      { host: host({ live: live({ systemIdentifier: '8' }) }) },
      'the system identifier of live was 7000000000000000001 and is 8',
    ],
    [
      'live was promoted or restored',
      { host: host({ live: live({ timeline: 3 }) }) },
      'the timeline of live was 1 and is 3',
    ],
    [
      'the backup failed or is being deleted',
      { backup: backup({ status: 'FAILED' }) },
      'the status of backup 20261122T115900 was DONE and is FAILED',
    ],
    [
      'the backup was made again under its name',
      { backup: backup({ endLsn: '0/9000138' }) },
      'the end of backup 20261122T115900 was 0/2000138 and is 0/9000138',
    ],
    [
      'a segment is missing at the begin',
      { wal: wal([run(3, 9), run(5, 9, 2)]) },
      `WAL from ${name(2)} to ${name(4)} was complete and is with a hole`,
    ],
    [
      'a segment is missing in between',
      { wal: wal([run(1, 4), run(5, 5, 2), run(7, 9, 2)]) },
      `WAL from ${name(5, 2)} to ${name(7, 2)} was complete and is with a hole`,
    ],
    [
      'a segment is missing at the end',
      { wal: wal([run(1, 9), run(5, 6, 2)]) },
      `WAL from ${name(5, 2)} to ${name(7, 2)} was complete and is with a hole`,
    ],
    [
      'another timeline has a segment of that number',
      { wal: wal([run(1, 9), run(1, 9, 3)]) },
      `WAL from ${name(5, 2)} to ${name(7, 2)} was complete and is with a hole`,
    ],
  ])('is void when %s, and says so', (_, more, words) => {
    const found = differences(more);
    expect(found?.type).toBe('urn:barback:problem:plan-void');
    expect(found?.detail).toBe(`Nothing was touched: ${words}`);
    expect(found?.facts).toMatchObject({ differences: [{ what: expect.any(String) as string }] });
  });

  test('does not care where its WAL lies, or in how many pieces', () => {
    const pieces = [run(1, 2), run(3, 4, 1, 'waiting'), run(5, 6, 2), run(7, 7, 2, 'partial')];
    expect(differences({ wal: wal(pieces) })).toBeNull();
  });

  test('tells every difference at once', () => {
    const found = differences({
      host: host({ live: live({ systemIdentifier: '8', timeline: 3 }) }),
      backup: backup({ status: 'FAILED', endLsn: '0/1' }),
      wal: wal([]),
    });
    expect(found?.detail?.split('; ')).toHaveLength(6);
  });
});
