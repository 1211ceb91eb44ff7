import { progressSchema, type Progress } from '@barback/shared/wire/job.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { asc, eq, sql } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { attempts, documents, plans, runs } from '../db/schema.ts';
import type { PlanDocument } from '../planner/plan-document.ts';
import { readPlanDocument } from '../planner/read-plan-document.ts';
import type { AttemptOutcome, TimedAttempt } from './decide.ts';

export type RunRow = typeof runs.$inferSelect;

export interface StoredAttempt extends TimedAttempt {
  readonly progress: Progress | null;
  /** Whether the agent has confirmed that it has the job. */
  readonly accepted: boolean;
}

/** A run with all that is known of it. */
export interface Run {
  readonly row: RunRow;
  readonly plan: PlanDocument;
  readonly attempts: readonly StoredAttempt[];
}

/** Throws ProblemError `not-found`. */
export function loadRun(reader: Reader, runId: string): Run {
  const row = reader.select().from(runs).where(eq(runs.id, runId)).get();
  if (!row) throw new ProblemError('not-found', `there is no run ${runId}`, { next: 'GET /v1/runs lists them.' });
  return { row, plan: loadPlan(reader, row.plan).document, attempts: loadAttempts(reader, runId) };
}

/** The frozen plan, read from its stored bytes. Throws ProblemError `not-found`. */
export function loadPlan(reader: Reader, planId: string): { document: PlanDocument; hash: string } {
  const stored = reader
    .select({ hash: plans.hash, bytes: documents.bytes })
    .from(plans)
    .innerJoin(documents, eq(documents.sha256, plans.hash))
    .where(eq(plans.id, planId))
    .get();
  if (!stored) throw new ProblemError('not-found', `there is no plan ${planId}`, { next: 'GET /v1/plans lists them.' });
  return { document: readPlanDocument(stored.bytes.toString('utf8')), hash: stored.hash };
}

function loadAttempts(reader: Reader, runId: string): StoredAttempt[] {
  const rows = reader
    .select()
    .from(attempts)
    .where(eq(attempts.run, runId))
    .orderBy(asc(attempts.intendedAt), sql`rowid`)
    .all();
  return rows.map((row) => ({
    opid: row.opid,
    step: row.step,
    direction: row.direction,
    number: row.number,
    era: row.era,
    intendedAt: row.intendedAt,
    endedAt: row.endedAt,
    outcome: row.outcome === null ? null : (JSON.parse(row.outcome) as AttemptOutcome),
    accepted: row.receipt !== null,
    progress: row.progress === null ? null : progressSchema.parse(JSON.parse(row.progress)),
  }));
}
