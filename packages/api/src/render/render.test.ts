import { problem } from '@barback/shared/wire/problem.ts';
import { describe, expect, test } from 'vitest';
import type { RunView } from '../engine/run-view.ts';
import type { PlanView } from '../planner/plan-view.ts';
import type { Report } from '../runs/run-report.ts';
import type { DrillResult } from '../scenarios/drill-result.ts';
import { renderPlan } from './render-plan.ts';
import { renderProblem } from './render-problem.ts';
import { renderReport } from './render-report.ts';
import { renderRun } from './render-run.ts';

const now = 1_795_348_800_000_000;
const id = '01m83wec9s5hpknax5fqgkq4z2';
const at = '2026-11-22T11:59:00.000000Z';

const plan: PlanView = {
  id: 'p1',
  hash: 'abc',
  server: 'main',
  scenario: 'drill',
  state: 'ready',
  createdAt: at,
  expiresAt: '2026-11-22T16:00:00.000000Z',
  createdBy: 'k',
  backup: { id: '20261122T110000', endTime: '2026-11-22T11:01:00.000000Z', timeline: 1, sizeBytes: 2_200_000_000 },
  target: { type: 'time', time: '2026-11-22T11:30:00.5Z' },
  timeline: 1,
  options: {},
  findings: [{ code: 'other-run', severity: 'warning', title: 'Busy', detail: 'Run r.', remedy: 'Wait.' }],
  stop: {
    timeline: 1,
    abandoned: false,
    lsn: '0/B000200',
    inclusive: false,
    lastKept: { xid: 740, lsn: '0/B000148', time: '2026-11-22T11:29:59.100000Z' },
    firstUndone: { xid: 741, lsn: '0/B000200', time: '2026-11-22T11:30:01.000000Z' },
    stampedEarlier: [],
  },
  predictions: {
    scratchBytes: 2_200_000_000,
    walBytes: 16_777_216,
    seconds: { median: 12, min: 10, max: 20 },
    steps: [],
    outageSeconds: 0,
    lost: { transactions: 12, seconds: 1800 },
    undo: 'nothing to take back',
  },
  objectives: { rtoSeconds: 900, rpoSeconds: null },
  approvals: { required: 0, given: [] },
  steps: [
    {
      name: 'lease',
      title: 'Keep the backup',
      class: 'I',
      on: 'agent',
      operation: 'backup-lease',
      params: {},
      inverse: { name: 'release', title: 'End the keep', when: 'always', operation: 'backup-release', params: {} },
    },
    { name: 'judge', title: 'Judge', class: null, on: 'api', operation: 'judge-drill', params: {}, inverse: null },
  ],
  runId: null,
  links: {},
};

const result: DrillResult = {
  backupId: '20261122T110000',
  timeline: 1,
  manifest: 'verified',
  manifestFiles: 980,
  bytes: 2_200_000_000,
  walSegments: 3,
  partialSegment: null,
  evidence: 'recovery stopping before commit of transaction 741',
  lastReplayed: { xid: 740, lsn: '0/B000148', time: '2026-11-22T11:29:59.100000Z' },
  firstSkipped: { xid: 741, lsn: '0/B000200', time: '2026-11-22T11:30:01.000000Z' },
  probes: [{ name: 'newest order', ok: true, rows: [{ max: '7' }], error: null }],
  tables: [{ database: 'system', schema: 'public', table: 'orders', rows: 90, note: null }],
  comparison: [
    {
      database: 'system',
      schema: 'public',
      table: 'orders',
      rows: 90,
      live: 100,
      previous: null,
      lossPercent: 10,
      note: null,
    },
  ],
  differences: { count: 1, differences: [{ what: 'role', name: 'admin', copy: null, live: 'super' }] },
  amcheck: null,
  phases: { recover: 4.8, verifyManifest: 2, start: 0.3, replay: 7, probe: 0.2, promote: 0.1, amcheck: null },
  rtoSeconds: 12.2,
  rpoSeconds: null,
};

const step = (name: string, state: RunView['steps'][number]['state'], cleanup = false): RunView['steps'][number] => ({
  name,
  title: `Do ${name}`,
  state,
  startedAt: null,
  finishedAt: null,
  attempts: state === 'pending' ? 0 : 1,
  progress:
    state === 'running' ? { phase: 'copy', bytes: 1, totalBytes: 4, bytesPerSecond: 2, at, secondsLeft: 2 } : null,
  result: null,
  error: null,
  cleanup,
});

const run: RunView = {
  id,
  planId: 'p1',
  server: 'main',
  scenario: 'drill',
  state: 'running',
  liveDatabase: 'old-running',
  liveDatabaseAt: '2026-11-22T11:59:58.000000Z',
  createdAt: at,
  startedAt: at,
  finishedAt: null,
  startedBy: 'k',
  cancelRequestedAt: null,
  undoneBy: null,
  preemptedBy: null,
  waiting: null,
  steps: [
    step('lease', 'succeeded'),
    step('recover', 'running'),
    step('start', 'pending'),
    step('release', 'pending', true),
  ],
  gate: null,
  result: null,
  problem: null,
  links: {},
};

describe('text for the person at 3 a.m.', () => {
  test('a plan', () => {
    expect(renderPlan(plan, now)).toMatchSnapshot();
  });

  test('a run under way says the state of the database first', () => {
    const text = renderRun(run, now);
    expect(text).toMatch(/^database {2}the live database is running, as it was/);
    expect(text).toMatchSnapshot();
  });

  test('a run that needs an operator says what happened and what to do', () => {
    const failed = problem('agent-unreachable', 'cannot reach the agent', { next: 'Start it' });
    expect(renderRun({ ...run, state: 'needs_operator', problem: failed }, now)).toMatchSnapshot();
  });

  test('a run that waits at a gate shows each answer as a line to paste', () => {
    const gate = {
      name: 'hold',
      ask: 'Discard it?',
      choices: ['discard'],
      openedAt: at,
      deadline: plan.expiresAt,
      atDeadline: 'discard',
    };
    const waiting = {
      secondsSinceTarget: 754.2,
      undone: { transactions: 1_203, seconds: 750 },
      disk: { freeBytes: 50 * 1024 ** 3, floorBytes: 1024 ** 3, secondsToFloor: 5_400 },
    };
    expect(renderRun({ ...run, state: 'waiting', gate, waiting }, now)).toMatchSnapshot();
  });

  test('the report of a drill, with RTO and RPO against the objectives', () => {
    const report: Report = {
      run: { ...run, state: 'succeeded', finishedAt: '2026-11-22T11:59:40.000000Z', result: result as never },
      plan: { ...plan, runId: id, state: 'started' },
      rto: { objectiveSeconds: 900, measuredSeconds: 12.2, met: true },
      rpo: { objectiveSeconds: null, measuredSeconds: null, met: null },
      comparison: {
        seconds: { planned: 30, actual: 41.5 },
        outageSeconds: { planned: 2, actual: 1.8 },
        undone: { transactions: 12, seconds: 60 },
      },
      operations: [
        {
          step: 'release',
          direction: 'inverse',
          attempt: 1,
          operation: 'backup-release',
          params: { server: 'main' },
          opid: 'o1',
          startedAt: at,
          finishedAt: at,
          outcome: 'succeeded',
          receipt: 'f'.repeat(64),
        },
      ],
      timeline: [
        {
          v: 1,
          log: 'l',
          seq: 4,
          at,
          type: 'run.started',
          actor: { kind: 'engine', id: 'barback-api' },
          server: 'main',
          plan: 'p1',
          run: id,
          step: null,
          attempt: null,
          data: {},
          prev: '0'.repeat(64),
        },
      ],
      people: {},
      auditHead: { log: 'l', seq: 9, leaf: 'e'.repeat(64) },
    };
    expect(renderReport(report, now)).toMatchSnapshot();
  });

  test('a refusal names the faults of the request', () => {
    const facts = { errors: [{ pointer: '/server', message: 'expected \u001b[31m' }] };
    expect(
      renderProblem(problem('validation-failed', 'The body does not fit', { next: 'Read', facts })),
    ).toMatchSnapshot();
  });
});
