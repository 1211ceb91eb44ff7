import { operations, type OpName } from '@barback/shared/operations/index.ts';
import type { OperationClass } from '@barback/shared/operations/contract.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import type { Action, Step } from '../scenarios/step.ts';

export type Direction = 'forward' | 'inverse';

/** What is known of one try. `unknown` asks for an observation; `absent` and `partial` are what an observation said. */
export type AttemptOutcome =
  | { readonly is: 'succeeded'; readonly result: Json }
  | { readonly is: 'failed'; readonly problem: Problem }
  | { readonly is: 'cancelled' }
  | { readonly is: 'unknown'; readonly problem: Problem }
  | { readonly is: 'absent'; readonly problem: Problem }
  | { readonly is: 'partial'; readonly problem: Problem; readonly facts: Json };

/** One try of a step or of its inverse, oldest first in the list; without an outcome it may still be under way. */
export interface Attempt {
  readonly opid: string;
  readonly step: number;
  readonly direction: Direction;
  readonly number: number;
  /** How often the run had been resumed by a person: tries are counted within one era. */
  readonly era: number;
  readonly endedAt: Micros | null;
  readonly outcome: AttemptOutcome | null;
}

/** An attempt with the instant at which its intent became durable. */
export interface TimedAttempt extends Attempt {
  readonly intendedAt: Micros;
}

export type FinalState = 'succeeded' | 'failed' | 'cancelled' | 'needs_operator';

export type Decision =
  | { readonly do: 'perform'; readonly step: number; readonly direction: Direction; readonly number: number }
  /** Also the answer to an attempt without an outcome: there is no other resume code. */
  | { readonly do: 'observe'; readonly attempt: Attempt }
  | { readonly do: 'wait'; readonly until: Micros }
  | { readonly do: 'finish'; readonly state: FinalState; readonly cause: Attempt | null };

/** What the decision depends on. */
export interface RunFacts {
  readonly steps: readonly Step[];
  readonly attempts: readonly Attempt[];
  readonly cancelRequested: boolean;
  readonly era: number;
  readonly now: Micros;
}

const triesMax: Record<OperationClass, number> = { R: 5, I: 3, A: 2, D: 2 };
const inverseTriesMax = 5;

/** The next thing to do for a run: pure, so that a crash at any point is only another input. */
export function decide(run: RunFacts): Decision {
  const open = run.attempts.find((attempt) => attempt.outcome === null || attempt.outcome.is === 'unknown');
  if (open) return { do: 'observe', attempt: open };
  const stop = firstFailure(run);
  if (stop === null && !isCancelled(run)) {
    const next = run.steps.findIndex((_, index) => !hasSucceeded(run, index, 'forward'));
    if (next >= 0) return tryAgain(run, next, 'forward');
  }
  return unwind(run, stop);
}

/** The step whose forward attempts have used up their tries or must not be tried again. */
function firstFailure(run: RunFacts): Attempt | null {
  const committed = committedAt(run);
  for (let index = 0; index < run.steps.length; index += 1) {
    const isRepeatable = committed !== null && index >= committed;
    const tries = isRepeatable ? triesOf(run, index, 'forward') : allTriesOf(run, index, 'forward');
    const last = tries.at(-1);
    if (last && !hasSucceeded(run, index, 'forward') && !mayRetry(run.steps[index]?.action, last, tries.length))
      return last;
  }
  return null;
}

/** The step that has begun and from which on nothing is put back; null while everything still would be. */
function committedAt(run: RunFacts): number | null {
  const index = run.steps.findIndex((step, at) => step.commits === true && hasBegun(run, at));
  return index < 0 ? null : index;
}

function isCancelled(run: RunFacts): boolean {
  const finished = run.steps.every((_, index) => hasSucceeded(run, index, 'forward'));
  return run.cancelRequested && !finished;
}

/** Performs the inverses of begun steps backwards; after success only those that are always due. */
function unwind(run: RunFacts, stop: Attempt | null): Decision {
  const committed = committedAt(run);
  if (needsOperator(run, stop, committed)) return { do: 'finish', state: 'needs_operator', cause: stop };
  const failed = stop !== null || isCancelled(run);
  for (let index = run.steps.length - 1; index >= 0; index -= 1) {
    const inverse = run.steps[index]?.inverse;
    if (!inverse || !hasBegun(run, index) || hasSucceeded(run, index, 'inverse')) continue;
    if (inverse.when === 'failure' && (!failed || (committed !== null && index <= committed))) continue;
    const tries = triesOf(run, index, 'inverse');
    if (tries.length >= inverseTriesMax) return { do: 'finish', state: 'needs_operator', cause: tries.at(-1) ?? null };
    return tryAgain(run, index, 'inverse');
  }
  if (isCancelled(run) && (stop === null || stop.outcome?.is === 'cancelled')) {
    return { do: 'finish', state: 'cancelled', cause: stop };
  }
  return { do: 'finish', state: stop ? 'failed' : 'succeeded', cause: stop };
}

/**
 * Half a destruction is shown to a person before anything else happens; their resume says that it may be unwound. So is what fails
 * after the point of no return: their resume tries it again, a cancel leaves it.
 */
function needsOperator(run: RunFacts, stop: Attempt | null, committed: number | null): boolean {
  if (stop !== null && committed !== null) return !run.cancelRequested;
  if (stop?.outcome?.is !== 'partial' || stop.era !== run.era) return false;
  return classOf(run.steps[stop.step]?.action) === 'D';
}

function tryAgain(run: RunFacts, step: number, direction: Direction): Decision {
  const tries = triesOf(run, step, direction);
  const last = tries.at(-1);
  const until = last?.endedAt ? last.endedAt + backoffMicros(tries.length) : run.now;
  if (until > run.now) return { do: 'wait', until };
  return { do: 'perform', step, direction, number: allTriesOf(run, step, direction).length + 1 };
}

/**
 * Whether a forward step may be tried again. A failure that the agent reported is a fact, not bad luck: only what is known
 * to have had no effect is repeated, and reads that did not get an answer.
 */
function mayRetry(action: Action | undefined, last: Attempt, tries: number): boolean {
  const kind = classOf(action);
  if (kind === null || tries >= triesMax[kind]) return false;
  if (last.outcome?.is === 'absent') return true;
  return kind === 'I' && last.outcome?.is === 'partial';
}

/** One second, doubling to a minute. */
function backoffMicros(tries: number): Micros {
  return Math.min(60, 2 ** (tries - 1)) * 1_000_000;
}

/** A person's resume gives new tries to an inverse, and to a step behind the point of no return. */
function triesOf(run: RunFacts, step: number, direction: Direction): readonly Attempt[] {
  return allTriesOf(run, step, direction).filter((attempt) => attempt.era === run.era);
}

function allTriesOf(run: RunFacts, step: number, direction: Direction): readonly Attempt[] {
  return run.attempts.filter((attempt) => attempt.step === step && attempt.direction === direction);
}

function hasSucceeded(run: RunFacts, step: number, direction: Direction): boolean {
  return run.attempts.some(
    (attempt) => attempt.step === step && attempt.direction === direction && attempt.outcome?.is === 'succeeded',
  );
}

function hasBegun(run: RunFacts, step: number): boolean {
  return run.attempts.some((attempt) => attempt.step === step && attempt.direction === 'forward');
}

function classOf(action: Action | undefined): OperationClass | null {
  return action?.on === 'agent' ? operations[action.op satisfies OpName].class : null;
}
