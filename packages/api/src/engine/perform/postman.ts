import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from '@barback/shared/operations/index.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { problem, ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import type { PostmanSmoke } from '../../integrations/smoke-settings.ts';
import type { AttemptOutcome } from '../decide.ts';
import type { EngineDeps } from '../engine-deps.ts';
import type { Run } from '../load-run.ts';

interface Asked {
  readonly run: Run;
  readonly params: Json;
}

const paramsSchema = z.strictObject({ check: z.string() });
const everyMs = 2_000;
const lookMs = 150_000;
const runMs = 31 * 60_000;

/** Whether a collection can be run, asked before anything is touched. */
export function postmanReady(deps: EngineDeps, asked: Asked, signal: AbortSignal): Promise<AttemptOutcome> {
  return outcomeOf(signal, async () => {
    const { runner, collection } = checkOf(asked);
    const context = contextOf(asked.run, signal, lookMs);
    return (await deps.agents.client(runner).call('postman-look', { server: runner, collection }, context)).result;
  });
}

/** Runs a collection; again until the deadline while requests get no answer, because the application warms up. */
export function smokePostman(deps: EngineDeps, asked: Asked, signal: AbortSignal): Promise<AttemptOutcome> {
  return outcomeOf(signal, async () => {
    const check = checkOf(asked);
    const { runner, collection, deadlineSeconds } = check;
    const deadline = deps.clock.now() + deadlineSeconds * 1_000_000;
    for (let attempts = 1; ; attempts += 1) {
      const context = contextOf(asked.run, signal, runMs);
      const { result } = await deps.agents.client(runner).call('postman-run', { server: runner, collection }, context);
      if (result.unanswered === 0 || deps.clock.now() > deadline) return judged(check, result, attempts);
      await sleep(everyMs, undefined, { signal });
    }
  });
}

function judged({ name }: PostmanSmoke, result: Result<'postman-run'>, attempts: number): Json {
  const { failed, unanswered, assertions } = result;
  if (failed.length === 0 && unanswered === 0) return { ...result, attempts, failed: [] };
  const first = failed[0] === undefined ? 'no answer' : `${failed[0].name}: ${failed[0].message}`;
  throw new ProblemError(
    'smoke-failed',
    `${name}: ${failed.length} of ${assertions} assertions failed, ${unanswered} requests had no answer; ${first}`,
    { facts: { failed: failed.map((one) => ({ ...one })), unanswered, attempts, junit: result.junit } },
  );
}

function checkOf({ run, params }: Asked): PostmanSmoke {
  const { check: name } = paramsSchema.parse(params);
  const found = run.plan.settings.smoke.find((one) => one.name === name);
  if (found?.kind === 'postman') return found;
  throw new Error(`cannot find the collection of the smoke check ${name} in the plan`);
}

function contextOf({ row }: Run, signal: AbortSignal, limitMs: number) {
  return { sub: `engine:${row.startedBy}`, signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]) };
}

async function outcomeOf(signal: AbortSignal, work: () => Promise<Json>): Promise<AttemptOutcome> {
  try {
    return { is: 'succeeded', result: await work() };
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof ProblemError) return { is: 'failed', problem: error.problem };
    if (error instanceof Error && error.name === 'TimeoutError') {
      return { is: 'failed', problem: problem('time-limit', `the collection did not end: ${error.message}`) };
    }
    throw error;
  }
}
