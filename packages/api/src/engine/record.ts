import { sha256Hex } from '@barback/shared/wire/jws.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import type { Progress } from '@barback/shared/wire/job.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import { and, eq, isNull, or, sql } from 'drizzle-orm';
import type { Evidence } from '../agents/agent-client.ts';
import { appendEvent } from '../audit/append-event.ts';
import type { EventType } from '@barback/shared/audit/event.ts';
import type { Tx } from '../db/database.ts';
import { attempts, documents, runs } from '../db/schema.ts';
import { write } from '../db/write.ts';
import { passedOver } from '../scenarios/passed-over.ts';
import { actionOf, classOf } from './action-of.ts';
import type { Attempt, AttemptOutcome } from './decide.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { Run } from './load-run.ts';

export type RecordDeps = Pick<EngineDeps, 'database' | 'clock' | 'instanceId'>;
type NewAttempt = Pick<Attempt, 'opid' | 'step' | 'direction' | 'number'>;

/** Makes the intent durable, before anything is sent. */
export function recordIntent(deps: RecordDeps, run: Run, attempt: NewAttempt): void {
  write(deps.database, (tx) => insertIntent(tx, deps, run, attempt));
}

/** The same inside a transaction that also changes something else. */
export function insertIntent(tx: Tx, deps: RecordDeps, run: Run, attempt: NewAttempt): void {
  const { name, action } = actionOf(run.plan, attempt.step, attempt.direction);
  const { opid, step, direction, number } = attempt;
  const intendedAt = deps.clock.now();
  tx.insert(attempts).values({ opid, run: run.row.id, step, direction, number, era: run.row.era, intendedAt }).run();
  const what =
    action.on === 'person'
      ? { on: action.on, ask: action.ask }
      : {
          on: action.on,
          op: action.op,
          class: classOf(action),
          paramsSha256: sha256Hex(JSON.stringify(action.params)),
        };
  appendRunEvent(tx, deps, run, {
    type: 'step.intended',
    step: name,
    attempt: number,
    data: { ...what, direction, opid },
  });
}

/** A step that there is no reason for is over as it begins. */
export function recordPassedOver(deps: RecordDeps, run: Run, passed: PassedOver): void {
  write(deps.database, (tx) => storePassedOver(tx, deps, run, passed));
}

interface PassedOver {
  readonly attempt: NewAttempt;
  readonly why: string;
}

/** The same inside a transaction that also changes something else. */
export function storePassedOver(tx: Tx, deps: RecordDeps, run: Run, { attempt, why }: PassedOver): void {
  const outcome: AttemptOutcome = { is: 'succeeded', result: passedOver(why) };
  insertIntent(tx, deps, run, attempt);
  storeOutcome(tx, deps, run, { attempt, outcome, evidence: null });
}

const eventOfOutcome = {
  succeeded: 'step.succeeded',
  failed: 'step.failed',
  cancelled: 'step.cancelled',
  unknown: 'step.unknown',
  absent: 'step.observed',
  partial: 'step.observed',
} as const satisfies Record<AttemptOutcome['is'], EventType>;

export interface Settled {
  readonly attempt: NewAttempt;
  readonly outcome: AttemptOutcome;
  /** What proves it; null for what the api itself found out. */
  readonly evidence: Evidence | null;
  /** Whether the outcome was found by looking at the world afterwards. */
  readonly observed?: boolean;
}

/**
 * Stores an outcome with its proof and its event, at once. Only an attempt without an outcome, or with an unknown one, takes it:
 * whoever comes late changes nothing. Answers whether it was stored.
 */
export function recordOutcome(deps: RecordDeps, run: Run, settled: Settled): boolean {
  return write(deps.database, (tx) => storeOutcome(tx, deps, run, settled));
}

/** The same inside a transaction that also changes something else. */
export function storeOutcome(tx: Tx, deps: RecordDeps, run: Run, settled: Settled): boolean {
  const { attempt, outcome, evidence } = settled;
  const accepted = tx
    .select({ request: attempts.request, receipt: attempts.receipt })
    .from(attempts)
    .where(eq(attempts.opid, attempt.opid))
    .get();
  const changed = tx
    .update(attempts)
    .set({
      outcome: JSON.stringify(outcome),
      endedAt: outcome.is === 'unknown' ? null : deps.clock.now(),
      ...(evidence === null ? {} : { request: keep(tx, 'request', evidence.request) }),
      ...(evidence === null ? {} : { receipt: keep(tx, 'receipt', evidence.receipt) }),
    })
    .where(and(eq(attempts.opid, attempt.opid), mayStillChange(outcome)))
    .run().changes;
  if (changed === 0) return false;
  const { name } = actionOf(run.plan, attempt.step, attempt.direction);
  appendRunEvent(tx, deps, run, {
    type: settled.observed === true ? 'step.observed' : eventOfOutcome[outcome.is],
    step: name,
    attempt: attempt.number,
    data: {
      ...outcome,
      opid: attempt.opid,
      direction: attempt.direction,
      accepted: accepted?.receipt == null ? null : accepted,
      evidence: hashes(evidence),
    },
  });
  return true;
}

/** An unknown outcome may become known, but not unknown once more. */
function mayStillChange(next: AttemptOutcome) {
  if (next.is === 'unknown') return isNull(attempts.outcome);
  return or(isNull(attempts.outcome), sql`json_extract(${attempts.outcome}, '$.is') = 'unknown'`);
}

/** Remembers the request and receipt that settled something, by content. */
export function keep(tx: Tx, kind: 'request' | 'receipt', text: string): string {
  const sha256 = sha256Hex(text);
  tx.insert(documents)
    .values({ sha256, kind, bytes: Buffer.from(text) })
    .onConflictDoNothing()
    .run();
  return sha256;
}

export function hashes(evidence: Evidence | null): Json {
  if (evidence === null) return null;
  return { request: sha256Hex(evidence.request), receipt: sha256Hex(evidence.receipt) };
}

/** The agent has the job: should it forget it, nobody may conclude that the job never was. */
export function recordAccepted(deps: RecordDeps, attempt: Pick<Attempt, 'opid'>, evidence: Evidence): void {
  write(deps.database, (tx) =>
    tx
      .update(attempts)
      .set({ request: keep(tx, 'request', evidence.request), receipt: keep(tx, 'receipt', evidence.receipt) })
      .where(and(eq(attempts.opid, attempt.opid), isNull(attempts.outcome), isNull(attempts.receipt)))
      .run(),
  );
}

export function recordProgress(deps: RecordDeps, attempt: Pick<Attempt, 'opid'>, progress: Progress): void {
  write(deps.database, (tx) =>
    tx
      .update(attempts)
      .set({ progress: JSON.stringify(progress) })
      .where(and(eq(attempts.opid, attempt.opid), isNull(attempts.outcome)))
      .run(),
  );
}

/** Says why the run cannot go on right now, or that it goes on; `since` is kept while the reason stays the same. */
export function recordTrouble(deps: RecordDeps, run: Run, trouble: Problem | null): void {
  const before = run.row.trouble === null ? null : (JSON.parse(run.row.trouble) as Problem);
  if (before === null && trouble === null) return;
  if (before?.type === trouble?.type && before?.detail === trouble?.detail) return;
  const since = before?.type === trouble?.type ? before?.facts?.['since'] : undefined;
  const lasting = since === undefined ? trouble : { ...trouble, facts: { ...trouble?.facts, since } };
  const value = lasting === null ? null : JSON.stringify(lasting);
  write(deps.database, (tx) => tx.update(runs).set({ trouble: value }).where(eq(runs.id, run.row.id)).run());
}

export interface RunEvent {
  readonly type: EventType;
  readonly step?: string;
  readonly attempt?: number;
  readonly data: object;
}

/** An event of the engine about a run. */
export function appendRunEvent(tx: Tx, deps: RecordDeps, run: Pick<Run, 'row'>, event: RunEvent): void {
  appendEvent(tx, {
    at: deps.clock.now(),
    actor: { kind: 'engine', id: deps.instanceId },
    server: run.row.server,
    plan: run.row.plan,
    run: run.row.id,
    ...event,
    data: event.data as Json,
  });
}
