import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { attempts, runs } from '../db/schema.ts';
import { write } from '../db/write.ts';
import { onAgent, type Step } from '../scenarios/step.ts';
import { earlierRuns } from './earlier-runs.ts';
import { freeze } from './freeze.ts';
import { predictSteps, predictWhole } from './predict.ts';
import { readPlanDocument } from './read-plan-document.ts';
import { backup, noon } from './testing/facts.ts';

const second = 1_000_000;

let temporary: TemporaryDatabase;
let database: Database;
beforeEach(() => {
  temporary = temporaryDatabase();
  ({ database } = temporary);
});
afterEach(() => {
  temporary.remove();
});

const server = 'main';
const gate: Step['action'] = { on: 'person', ask: '?', choices: ['yes'], deadlineMs: 1, atDeadline: 'cancel' };
const steps: readonly Step[] = [
  { name: 'check', title: 'Check', action: onAgent('barman-check', { server }) },
  { name: 'verify', title: 'Verify', action: onAgent('scratch-verify-manifest', { server, backupId: backup().id }) },
  { name: 'hold', title: 'Hold', action: gate },
];

interface Told {
  readonly state?: typeof runs.$inferInsert.state;
  readonly scenario?: string;
  readonly systemIdentifier?: string | null;
  /** Of each step: its tries as `[begin, end, outcome]`, in seconds. */
  readonly tries?: readonly (readonly (readonly [number, number, 'succeeded' | 'failed'])[])[];
}

function put(number: number, told: Told = {}): void {
  const { state = 'succeeded', scenario = 'drill', systemIdentifier = '7', tries = [] } = told;
  const [plan, run] = [`plan-${number}`, `run-${number}`];
  const document = readPlanDocument(
    JSON.stringify({
      format: 2,
      id: plan,
      server,
      agent: 'agent-1',
      scenario: 'drill',
      createdAt: '2026-11-22T12:00:00.000000Z',
      expiresAt: '2026-11-22T16:00:00.000000Z',
      createdBy: 'k',
      target: { type: 'latest' },
      timeline: 1,
      backup: backup(),
      stop: null,
      options: {},
      findings: [],
      predictions: { scratchBytes: 1, walBytes: 1, seconds: null, steps: [], outageSeconds: 0, lost: null, undo: '' },
      approvalsRequired: 0,
      settings: {
        rtoSeconds: null,
        rpoSeconds: null,
        rowLossPercentMax: null,
        tablesMin: null,
        keepDays: 7,
        diskFreePercentMin: 15,
        approvals: {},
        applications: [],
        smoke: [],
      },
      systemIdentifier,
      postgresVersionNum: 150_020,
      barmanVersion: '3.4.0',
      basis: null,
      steps,
    }),
  );
  freeze(database, document, { by: { kind: 'engine', id: 'barback-api' }, requestHash: null });
  write(database, (tx) => {
    tx.insert(runs).values({ id: run, plan, server, scenario, state, startedBy: 'k', createdAt: noon }).run();
    for (const [step, all] of tries.entries()) {
      for (const [index, [begin, end, is]] of all.entries()) {
        const outcome = is === 'succeeded' ? { is, result: { files: 1, bytes: 1000 * (end - begin) } } : { is };
        tx.insert(attempts)
          .values({
            opid: `${run}-${step}-${index}`,
            run,
            step,
            direction: 'forward',
            number: index + 1,
            era: 0,
            intendedAt: noon + begin * second,
            endedAt: noon + end * second,
            outcome: JSON.stringify(outcome),
          })
          .run();
      }
    }
  });
}

const earlier = () => earlierRuns(database.orm, server, 'drill');

describe('earlier runs', () => {
  test('tell how long each step took, from its first try to the end of the one that succeeded', () => {
    put(1, {
      tries: [
        [
          [0, 2, 'failed'],
          [5, 9, 'succeeded'],
        ],
        [[10, 14, 'succeeded']],
      ],
    });
    expect(earlier().measures).toEqual([
      { step: 'check', seconds: 9, bytes: null },
      { step: 'verify', seconds: 4, bytes: 4000 },
    ]);
  });

  test('tell nothing of a pause that a person made, nor of a step that never succeeded', () => {
    put(1, { tries: [[[0, 2, 'failed']], [], [[10, 500, 'succeeded']]] });
    expect(earlier().measures).toEqual([]);
  });

  test('count when they succeeded, of the same scenario, and only the newest five', () => {
    const tries = (seconds: number): Told => ({ tries: [[[0, seconds, 'succeeded']]] });
    for (let number = 1; number <= 7; number += 1) put(number, tries(number));
    put(8, { ...tries(80), state: 'failed' });
    put(9, { ...tries(90), scenario: 'rebaseline' });
    expect(earlier().measures.map((one) => one.seconds)).toEqual([7, 6, 5, 4, 3]);
  });

  test('predict from the third on, by the median with the fastest and the slowest', () => {
    const asked = [
      { step: 'check', bytes: null },
      { step: 'verify', bytes: 2000 },
    ];
    const predicted = () => predictSteps(asked, earlier().measures).map((one) => one.seconds);
    for (const [number, seconds] of [30, 10].entries())
      put(number, { tries: [[[0, seconds, 'succeeded']], [[0, 4, 'succeeded']]] });
    expect(predicted()).toEqual([null, null]);
    put(2, { tries: [[[0, 20, 'succeeded']], [[0, 4, 'succeeded']]] });
    expect(predicted()).toEqual([
      { median: 20, min: 8, max: 37.5 },
      { median: 2, min: 1.6, max: 5 },
    ]);
    expect(predictWhole(predictSteps(asked, earlier().measures))).toEqual({ median: 22, min: 9.6, max: 42.5 });
  });

  test('tell which run is under way, whatever it waits for', () => {
    put(1);
    expect(earlier().activeRun).toBeNull();
    put(2, { state: 'needs_operator' });
    expect(earlier().activeRun).toEqual({ id: 'run-2', givesWay: false });
    expect(earlierRuns(database.orm, server, 'point-in-time').activeRun).toEqual({ id: 'run-2', givesWay: true });
  });

  test('tell which cluster the newest plan saw, whatever was planned while live was down', () => {
    expect(earlier().systemIdentifier).toBeNull();
    put(1, { systemIdentifier: '7' });
    put(2, { systemIdentifier: '7000000000000000008' });
    put(3, { systemIdentifier: null });
    expect(earlier().systemIdentifier).toBe('7000000000000000008');
  });
});
