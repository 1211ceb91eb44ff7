import type { Micros } from '@barback/shared/postgres/instant.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { and, asc, desc, eq, inArray, lt, type SQL } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { approvals, documents, plans, runs } from '../db/schema.ts';
import { sees, type Principal } from '../keys/principal.ts';
import type { PlanDocument } from './plan-document.ts';
import { readPlanDocument } from './read-plan-document.ts';

/** A frozen plan with what has happened to it since. */
export interface StoredPlan {
  readonly document: PlanDocument;
  readonly bytes: Buffer;
  readonly hash: string;
  readonly createdAt: Micros;
  readonly expiresAt: Micros;
  readonly approvals: readonly { readonly key: string; readonly at: Micros }[];
  readonly runId: string | null;
}

/** The plan, if the key may know of its server; one refusal whether it does not exist or is not the key's. */
export function loadPlan(reader: Reader, id: string, principal: Principal): StoredPlan {
  const row = reader.select().from(plans).where(eq(plans.id, id)).get();
  if (row === undefined || !sees(principal, row.server)) {
    throw new ProblemError('not-found', `There is no plan ${id}`, { next: 'List them: GET /v1/plans' });
  }
  return storedPlan(reader, row);
}

export interface PlanQuery {
  readonly server?: string | undefined;
  /** Plans made before this one, newest first. */
  readonly before?: string | undefined;
  readonly limit: number;
}

export function loadPlans(reader: Reader, query: PlanQuery, principal: Principal): readonly StoredPlan[] {
  const filters: SQL[] = [];
  if (query.server !== undefined) filters.push(eq(plans.server, query.server));
  if (query.before !== undefined) filters.push(lt(plans.id, query.before));
  if (principal.servers !== null) filters.push(inArray(plans.server, [...principal.servers]));
  return reader
    .select()
    .from(plans)
    .where(and(...filters))
    .orderBy(desc(plans.id))
    .limit(query.limit)
    .all()
    .map((row) => storedPlan(reader, row));
}

function storedPlan(reader: Reader, row: typeof plans.$inferSelect): StoredPlan {
  const document = reader.select().from(documents).where(eq(documents.sha256, row.hash)).get();
  if (document === undefined) throw new Error(`cannot read plan ${row.id}: its document ${row.hash} is missing`);
  const given = reader.select().from(approvals).where(eq(approvals.plan, row.id)).orderBy(asc(approvals.at)).all();
  const run = reader.select({ id: runs.id }).from(runs).where(eq(runs.plan, row.id)).get();
  return {
    document: readPlanDocument(document.bytes.toString('utf8')),
    bytes: document.bytes,
    hash: row.hash,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    approvals: given.map(({ key, at }) => ({ key, at })),
    runId: run?.id ?? null,
  };
}
