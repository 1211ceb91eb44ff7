import { describe, expect, test } from 'vitest';
import { ZodError } from 'zod';
import { readPlanDocument } from './read-plan-document.ts';
import { backup } from './testing/facts.ts';

const { systemIdentifier, ...firstBackup } = backup();

/** As plans were frozen before there was a commit index. */
const first = {
  format: 1,
  id: '01m83wec9s5hpknax5fqgkq4z2',
  server: 'main',
  agent: 'agent-1',
  scenario: 'drill',
  createdAt: '2026-11-22T12:00:00.000000Z',
  expiresAt: '2026-11-22T16:00:00.000000Z',
  createdBy: 'k',
  target: { type: 'latest' },
  timeline: 1,
  backup: firstBackup,
  options: {},
  findings: [],
  predictions: { scratchBytes: 1, walBytes: null, seconds: 12.5 },
  approvalsRequired: 0,
  settings: { rtoSeconds: null, rpoSeconds: null, rowLossPercentMax: null, tablesMin: null, approvals: {} },
  systemIdentifier,
  postgresVersionNum: 150_020,
  barmanVersion: '3.4.0',
  steps: [{ name: 'lease', title: 'Keep the backup', action: { on: 'api', op: 'x', params: {} } }],
};

const second = {
  ...first,
  format: 2,
  backup: backup(),
  stop: null,
  basis: null,
  predictions: {
    ...first.predictions,
    seconds: { median: 3, min: 2, max: 4 },
    steps: [],
    outageSeconds: 0,
    lost: null,
    undo: 'nothing to take back',
  },
};

const read = (value: object) => readPlanDocument(JSON.stringify(value));

describe('a frozen plan', () => {
  test('is read as it was written; settings that it could not have yet are as they are by themselves', () => {
    const watched = { drillDays: 35, backupDays: 8, mirrorHours: null, slotRetainedMbMax: 10_240 };
    const since = { keepDays: 7, diskFreePercentMin: 15, ...watched, applications: [], smoke: [] };
    expect(read(second)).toEqual({ ...second, settings: { ...second.settings, ...since } });
  });

  test('of the first format stays readable: what it does not say is unknown', () => {
    expect(read(first)).toMatchObject({
      format: 1,
      stop: null,
      basis: null,
      backup: { id: '20261122T115900', systemIdentifier: null },
      predictions: { seconds: { median: 12.5, min: 12.5, max: 12.5 }, steps: [], lost: null },
      steps: first.steps,
    });
    const unknown = { ...first, predictions: { ...first.predictions, seconds: null } };
    expect(read(unknown).predictions.seconds).toBeNull();
  });

  test('of another format, or with more or less in it than it should have, is refused', () => {
    const { server, ...less } = second;
    expect(server).toBe('main');
    for (const value of [
      less,
      { ...second, format: 4 },
      { ...second, scenario: 'undo' },
      { ...second, more: 1 },
      { ...first, format: 2 },
      {},
    ])
      expect(() => read(value), JSON.stringify(value).slice(0, 40)).toThrow(ZodError);
    expect(() => readPlanDocument('{"format":2')).toThrow(SyntaxError);
  });
});
