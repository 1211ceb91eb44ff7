import { setTimeout as delay } from 'node:timers/promises';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { problem, problemTypeOf, ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import { actionOf, classOf } from './action-of.ts';
import { claimFence } from './claim-fence.ts';
import { problemOf, resultOf } from './conclude.ts';
import { decide, type Decision } from './decide.ts';
import type { EngineDeps } from './engine-deps.ts';
import { loadRun, type Run, type StoredAttempt } from './load-run.ts';
import { observeLive } from './observe-live.ts';
import { attendAgent } from './perform/agent.ts';
import { performApi } from './perform/api.ts';
import { attendGate, openGate } from './perform/person.ts';
import { requireTurn } from './make-way.ts';
import { recordFinished, recordStarted, type Finish } from './record-run.ts';
import { whyPassedOver } from '../scenarios/passed-over.ts';
import { recordIntent, recordPassedOver, recordTrouble } from './record.ts';

/** Timers hold at most 2^31 - 1 ms; a longer wait is taken in parts. */
const waitMaxMs = 3_600_000;
const retryMaxMs = 15_000;

export interface DriveSignals {
  /** Aborts when the engine stops: jobs go on without it. */
  readonly stop: AbortSignal;
  /** A signal that aborts when something about the run changes after this call. */
  nextChange(): AbortSignal;
  /** Asks, beside the run, how live is. */
  lookAtLive(): void;
}

/** Load, decide, perform, record, until the run has ended or a person must act; whatever happened before is only an input. */
export async function driveRun(deps: EngineDeps, runId: string, signals: DriveSignals): Promise<void> {
  for (let failures = 0; !signals.stop.aborted; ) {
    const signal = AbortSignal.any([signals.stop, signals.nextChange()]);
    const run = loadRun(deps.database.orm, runId);
    try {
      if (await goOn(deps, run, signals, signal)) return;
      recordTrouble(deps, run, null);
      failures = 0;
    } catch (error) {
      if (signal.aborted) continue;
      failures += 1;
      recordTrouble(deps, run, troubleOf(deps, run, error));
      await pause(Math.min(retryMaxMs, 100 * 2 ** failures), signal);
    }
  }
}

/** One turn; true when there is nothing more to do. */
async function goOn(deps: EngineDeps, run: Run, signals: DriveSignals, signal: AbortSignal): Promise<boolean> {
  const { row, plan, attempts } = run;
  if (row.state === 'queued') {
    if (row.cancelRequestedAt !== null) return finish(deps, run, { state: 'cancelled', problem: null, result: null });
    requireTurn(deps.database.orm, row);
    recordStarted(deps, run);
    signals.lookAtLive();
    return false;
  }
  if (row.state !== 'running' && row.state !== 'waiting') return true;
  const cancelRequested = row.cancelRequestedAt !== null;
  const decision = decide({ steps: plan.steps, attempts, cancelRequested, era: row.era, now: deps.clock.now() });
  switch (decision.do) {
    case 'wait':
      await pause((decision.until - deps.clock.now()) / 1000, signal);
      return false;
    case 'observe':
      await attend(deps, run, attempts.find(({ opid }) => opid === decision.attempt.opid) as StoredAttempt, {
        fresh: false,
        signal,
      });
      return false;
    case 'perform':
      return perform(deps, run, decision, { signals, signal });
    case 'finish':
      await observeLive(deps, row, signals.stop);
      if (signals.stop.aborted) return true;
      return finish(deps, run, { state: decision.state, problem: problemOf(decision.cause), result: resultOf(run) });
  }
}

async function perform(
  deps: EngineDeps,
  run: Run,
  decision: Extract<Decision, { do: 'perform' }>,
  { signals, signal }: { signals: DriveSignals; signal: AbortSignal },
): Promise<boolean> {
  const { step, direction, number } = decision;
  const { action } = actionOf(run.plan, step, direction);
  const why = direction === 'forward' ? whyPassedOver(run.plan.steps, run.attempts, step) : null;
  const needsFence = why === null && action.on === 'agent' && classOf(action) !== 'R';
  if (needsFence && run.row.fence === null) return claimOrFail(deps, run, signal);
  const intendedAt = deps.clock.now();
  const opid = newId(Math.floor(intendedAt / 1000));
  const attempt = {
    opid,
    step,
    direction,
    number,
    era: run.row.era,
    intendedAt,
    endedAt: null,
    outcome: null,
    progress: null,
    accepted: false,
  };
  if (why !== null) {
    recordPassedOver(deps, run, { attempt, why });
    return false;
  }
  if (action.on === 'person') {
    openGate(deps, run, attempt);
    return false;
  }
  recordIntent(deps, run, attempt);
  // A change of the run may not tear the request apart: only the engine's end does.
  await attend(deps, run, attempt, { fresh: true, signal: signals.stop });
  if (needsFence) signals.lookAtLive();
  return false;
}

async function attend(
  deps: EngineDeps,
  run: Run,
  attempt: StoredAttempt,
  how: { fresh: boolean; signal: AbortSignal },
): Promise<void> {
  const { action } = actionOf(run.plan, attempt.step, attempt.direction);
  if (action.on === 'agent') return attendAgent(deps, run, attempt, how);
  if (action.on === 'api') return performApi(deps, run, attempt, how.signal);
  const until = attendGate(deps, run, attempt);
  if (until !== null) await pause((until - deps.clock.now()) / 1000, how.signal);
}

/** Nothing was changed before the first fence, so a server that belongs to somebody else ends the run at once. */
async function claimOrFail(deps: EngineDeps, run: Run, signal: AbortSignal): Promise<boolean> {
  try {
    await claimFence(deps, run, signal);
    return false;
  } catch (error) {
    if (!(error instanceof ProblemError) || problemTypeOf(error.problem) !== 'fence-stale') throw error;
    return finish(deps, run, { state: 'failed', problem: error.problem, result: resultOf(run) });
  }
}

function finish(deps: EngineDeps, run: Run, how: Finish): true {
  recordFinished(deps, run, how);
  deps.log.info({ run: run.row.id, server: run.row.server, state: how.state }, 'run ended');
  return true;
}

function troubleOf(deps: EngineDeps, run: Run, error: unknown): Problem {
  const since: Json = formatInstant(deps.clock.now());
  if (error instanceof ProblemError) {
    deps.log.warn({ run: run.row.id, problem: error.problem }, 'run cannot go on');
    return { ...error.problem, facts: { ...error.problem.facts, since } };
  }
  deps.log.error({ run: run.row.id, error }, 'run met a defect');
  return problem(
    'internal',
    `run ${run.row.id} met a defect: ${error instanceof Error ? error.message : String(error)}`,
    {
      next: 'Restart the api; if it stays, report the log line of this run.',
      facts: { since },
    },
  );
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(1, Math.min(waitMaxMs, ms)), undefined, { signal }).catch(() => undefined);
}
