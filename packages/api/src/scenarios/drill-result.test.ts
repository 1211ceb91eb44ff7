import type { Json } from '@barback/shared/wire/json.ts';
import { problem } from '@barback/shared/wire/problem.ts';
import { describe, expect, test } from 'vitest';
import type { AttemptOutcome, TimedAttempt } from '../engine/decide.ts';
import { drill, drillOptionsSchema } from './drill.ts';
import { drillResult } from './drill-result.ts';
import { judgeDrill, type JudgeInput } from './judge-drill.ts';

const second = 1_000_000;
const begin = 1_795_348_800_000_000;
const probe = { name: 'newest', database: 'system', sql: 'SELECT 1' };
const steps = (target: 'latest' | 'immediate' | 'lsn' = 'latest'): ReturnType<typeof drill.steps> =>
  drill.steps(drillOptionsSchema.parse({ probes: [probe] }), {
    server: 'main',
    backup: { id: '20261122T115900', sizeBytes: 1, tablespaces: [] } as never,
    timeline: 1,
    target: target === 'lsn' ? { type: 'lsn', lsn: '0/B000148', inclusive: true } : { type: target },
    expect: null,
    basis: { wal: [] } as never,
    jobs: 1,
    configuredProbes: [],
    settings: {} as never,
    mirrored: null,
    bounds: { rowLossPercentMax: null, tablesMin: null },
  });
const table = (
  name: string,
  rows: number | null,
  note: string | null = null,
): JudgeInput['result']['tables'][number] => ({
  database: 'system',
  schema: 'public',
  table: name,
  rows,
  note,
});
const answers: Record<string, Json> = {
  recover: { bytes: 10, wal: { segments: 3, partial: '00000001000000000000000B.partial' } },
  'verify-manifest': { manifest: 'verified', files: 7, bytes: 10 },
  replay: {
    timeline: 1,
    evidence: 'recovery stopping',
    lastReplayed: { xid: 740, lsn: '0/B000148', time: begin - 5 * second + 1 },
    firstSkipped: null,
  },
  probe: { probes: [], tables: [table('a', 5), table('b', null, 'locked')], deferred: ['newest'] },
  'probe-promoted': {
    probes: [{ name: 'newest', ok: true, rows: [{ n: '1' }], error: null }],
    tables: [table('b', 9)],
  },
};

/** Each step up to `last` succeeded and took as many seconds as its place in the list. */
function attempts(list: ReturnType<typeof steps>, last: string, end?: AttemptOutcome): TimedAttempt[] {
  const upTo = list.findIndex((step) => step.name === last);
  return list.slice(0, upTo + 1).map((step, index) => ({
    opid: `o${index}`,
    step: index,
    direction: 'forward' as const,
    number: 1,
    era: 0,
    intendedAt: begin,
    endedAt: begin + index * second,
    outcome: index === upTo && end ? end : { is: 'succeeded' as const, result: answers[step.name] ?? null },
  }));
}

describe('the result of a drill', () => {
  test('says what was proven, with exact times', () => {
    const list = steps();
    expect(drillResult(list, attempts(list, 'judge'))).toMatchObject({
      backupId: '20261122T115900',
      timeline: 1,
      manifest: 'verified',
      manifestFiles: 7,
      partialSegment: '00000001000000000000000B.partial',
      lastReplayed: { xid: 740, lsn: '0/B000148', time: '2026-11-22T11:59:55.000001Z' },
      firstSkipped: null,
      probes: [{ name: 'newest', ok: true }],
    });
  });

  test('counts as RTO what a real restore would need: recover, start, replay and promote', () => {
    const list = steps();
    const { phases, rtoSeconds } = drillResult(list, attempts(list, 'judge'));
    expect(phases).toEqual({
      recover: 6,
      verifyManifest: 7,
      start: 8,
      replay: 9,
      probe: 10 + 12,
      promote: 11,
      amcheck: null,
    });
    expect(rtoSeconds).toBe(6 + 8 + 9 + 11);
  });

  test('counts as RPO what lies between the last kept commit and the drill, except for a place that was asked for', () => {
    const rpo = (target: 'latest' | 'immediate' | 'lsn'): number | null =>
      drillResult(steps(target), attempts(steps(target), 'judge')).rpoSeconds;
    expect([rpo('latest'), rpo('immediate'), rpo('lsn')]).toEqual([4.999999, 4.999999, null]);
  });

  test('takes the count made after the promotion where a table was locked before', () => {
    const list = steps();
    const { tables } = drillResult(list, attempts(list, 'judge'));
    expect(tables.map((one) => [one.table, one.rows])).toEqual([
      ['a', 5],
      ['b', 9],
    ]);
  });

  test('of one that failed has nothing that it did not get to, and no half sums', () => {
    const list = steps();
    const failed = { is: 'failed', problem: problem('target-not-reached', 'x') } as const;
    const result = drillResult(list, attempts(list, 'replay', failed));
    expect(result).toMatchObject({
      manifest: 'verified',
      lastReplayed: null,
      rtoSeconds: null,
      rpoSeconds: null,
      tables: [],
    });
    expect(result.phases).toMatchObject({ recover: 6, start: 8, replay: null, promote: null });
    expect(drillResult(list, [])).toMatchObject({ backupId: '20261122T115900', manifest: null, rtoSeconds: null });
  });

  test('keeps the comparison when the judge failed the drill', () => {
    const list = steps();
    const line = { table: 'a' };
    const failed = {
      is: 'failed',
      problem: problem('comparison-failed', 'x', { facts: { comparison: [line] } }),
    } as const;
    expect(drillResult(list, attempts(list, 'judge', failed)).comparison).toEqual([line]);
  });
});

describe('the judge of a drill', () => {
  const judge = (more: Partial<JudgeInput>): ReturnType<typeof judgeDrill> =>
    judgeDrill({
      bounds: { rowLossPercentMax: 10, tablesMin: 1 },
      result: { probes: [], tables: [table('a', 90)] },
      live: { available: true, tables: [table('a', 100)] },
      previous: null,
      ...more,
    });
  const typeOf = (judgement: ReturnType<typeof judgeDrill>): string =>
    judgement.is === 'failed' ? judgement.problem.type.slice('urn:barback:problem:'.length) : judgement.is;

  test('passes a loss up to the bound and fails one beyond it, against live and against the last drill', () => {
    expect(typeOf(judge({}))).toBe('passed');
    expect(typeOf(judge({ result: { probes: [], tables: [table('a', 89)] } }))).toBe('comparison-failed');
    expect(typeOf(judge({ live: null, previous: [table('a', 101)] }))).toBe('comparison-failed');
    expect(typeOf(judge({ live: null, previous: null }))).toBe('passed');
  });

  test('never takes an unknown count for a loss', () => {
    expect(typeOf(judge({ result: { probes: [], tables: [table('a', null, 'locked')] } }))).toBe('passed');
    expect(typeOf(judge({ live: { available: true, tables: [table('a', null)] } }))).toBe('passed');
    expect(typeOf(judge({ live: { available: false, tables: [table('a', 1000)] } }))).toBe('passed');
  });

  test('takes a table that only live has for lost, if it had rows', () => {
    const lost = judge({ live: { available: true, tables: [table('a', 90), table('b', 1)] } });
    expect(typeOf(lost)).toBe('comparison-failed');
    const empty = judge({ live: { available: true, tables: [table('a', 90), table('b', 0)] } });
    expect(typeOf(empty)).toBe('passed');
  });

  test('only shows the comparison without a bound', () => {
    const shown = judge({
      bounds: { rowLossPercentMax: null, tablesMin: null },
      result: { probes: [], tables: [table('a', 1)] },
    });
    expect(shown).toMatchObject({ is: 'passed', comparison: [{ rows: 1, live: 100, lossPercent: 99 }] });
  });

  test('fails too few tables, and a probe that failed before anything else', () => {
    expect(typeOf(judge({ bounds: { rowLossPercentMax: null, tablesMin: 2 } }))).toBe('comparison-failed');
    const probes = [{ name: 'newest', ok: false, rows: null, error: 'timeout' }];
    const failed = judge({ result: { probes, tables: [] } });
    expect(failed).toMatchObject({ is: 'failed', problem: { detail: '1 of 1 probes failed: newest: timeout' } });
  });
});
