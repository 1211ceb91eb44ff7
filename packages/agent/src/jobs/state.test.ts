import { problem } from '@barback/shared/wire/problem.ts';
import { describe, expect, test } from 'vitest';
import { decideAdoption } from './adopt.ts';
import { requestDigest } from './directory.ts';
import { jobSpecSchema, startedSchema, type JobFiles, type JobResult } from './files.ts';
import { isPrunable } from './prune.ts';
import { isEnded, jobState, jobView } from './state.ts';

const started = { startedAt: 2, runner: { pid: 7, startTime: '8', bootId: 'b' } };
const succeeded: JobResult = { state: 'succeeded', result: { rows: 1 }, endedAt: 3 };
const failed: JobResult = { state: 'failed', problem: problem('barman-failed', 'no'), endedAt: 3 };
const cancelled: JobResult = { state: 'cancelled', problem: problem('cancelled', 'stopped'), endedAt: 3 };

describe('the state of a job', () => {
  test.each([
    ['accepted', undefined, undefined, false],
    ['running', started, undefined, true],
    ['lost', started, undefined, false],
    ['succeeded', started, succeeded, true],
    ['succeeded', started, succeeded, false],
    ['failed', started, failed, false],
    ['cancelled', started, cancelled, false],
    ['failed', { startedAt: 2, runner: null }, failed, false],
    // A crash between barring and its result: nothing has begun, and nothing will.
    ['lost', { startedAt: 2, runner: null }, undefined, false],
  ] as const)('is %s', (expected, startedFile, result, alive) => {
    expect(jobState({ started: startedFile, result }, alive)).toBe(expected);
  });

  test('is shown with its problem only when there is one', () => {
    const spec = {
      format: 1 as const,
      opid: '01hzzzzzzzzzzzzzzzzzzzzzzj',
      op: 'scratch-recover',
      params: {},
      plan: '01hzzzzzzzzzzzzzzzzzzzzzza',
      step: null,
      attempt: 1,
      fence: 1,
      serverName: 'main',
      acceptedAt: 1,
      digest: '',
    };
    const files: JobFiles = {
      spec,
      started,
      progress: undefined,
      result: undefined,
      cancelAsked: false,
      firstReceipt: 'r',
    };
    expect(jobView(files, true)).toMatchObject({ state: 'running', problem: null, result: null, endedAt: null });
    expect(jobView(files, false).problem?.type).toBe('urn:barback:problem:job-lost');
    expect(jobView({ ...files, result: succeeded }, false)).toMatchObject({ result: { rows: 1 }, problem: null });
    expect(jobView({ ...files, result: failed }, false)).toMatchObject({ result: null, problem: { detail: 'no' } });
  });
});

describe('an executor that starts', () => {
  test.each([
    ['accepted', 'I', 'launch'],
    ['accepted', 'A', 'launch'],
    ['accepted', 'D', 'bar'],
    ['accepted', undefined, 'bar'],
    ['running', 'A', 'leave'],
    ['lost', 'A', 'leave'],
    ['succeeded', 'D', 'leave'],
  ] as const)('finds a job %s of class %s: %s', (state, operationClass, expected) => {
    expect(decideAdoption(state, operationClass).is).toBe(expected);
  });
});

test('two requests are the same exactly when operation, params, plan, step and attempt are', () => {
  const claims = { op: 'a', params: { x: 1 }, plan: 'p', step: 's', attempt: 1 };
  const digest = requestDigest(claims);
  expect(requestDigest({ ...claims })).toBe(digest);
  for (const other of [{ op: 'b' }, { params: { x: 2 } }, { plan: null }, { step: 't' }, { attempt: 2 }]) {
    expect(requestDigest({ ...claims, ...other })).not.toBe(digest);
  }
});

test('only what ended long ago is pruned', () => {
  const day = 86_400_000_000;
  const at = (state: 'succeeded' | 'running' | 'lost', endedAt: number | null) => ({ state, endedAt, acceptedAt: 0 });
  expect(isPrunable(at('succeeded', 10 * day), 41 * day, 30)).toBe(true);
  expect(isPrunable(at('succeeded', 12 * day), 41 * day, 30)).toBe(false);
  expect(isPrunable(at('running', null), 400 * day, 30)).toBe(false);
  expect(isPrunable(at('lost', null), 31 * day, 30)).toBe(true);
  expect(isEnded('lost')).toBe(true);
});

test('the files of a newer format or with unknown members are not read', () => {
  expect(jobSpecSchema.safeParse({ format: 2 }).success).toBe(false);
  expect(startedSchema.safeParse({ ...started, more: 1 }).success).toBe(false);
});
