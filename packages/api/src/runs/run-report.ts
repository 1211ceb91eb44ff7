import { eventSchema } from '@barback/shared/audit/event.ts';
import { formatInstant, parseInstant } from '@barback/shared/postgres/instant.ts';
import { jsonSchema } from '@barback/shared/wire/json.ts';
import { asc, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import { logHead } from '../audit/append-event.ts';
import { listEvents } from '../audit/list-events.ts';
import type { Reader } from '../db/database.ts';
import { apiKeys, attempts } from '../db/schema.ts';
import { runViewSchema, type RunView } from '../engine/run-view.ts';
import type { CutoverResult } from '../scenarios/cutover-result.ts';
import type { ExchangeResult } from '../scenarios/import-result.ts';
import { lostSchema } from '../targets/stop-view.ts';
import type { Principal } from '../keys/principal.ts';
import { loadPlan } from '../planner/load-plan.ts';
import { planView, planViewSchema, type PlanView } from '../planner/plan-view.ts';
import type { DrillResult } from '../scenarios/drill-result.ts';
import { findRun } from './find-run.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC' });

const measureSchema = z
  .strictObject({
    objectiveSeconds: z.number().nullable(),
    measuredSeconds: z.number().nullable(),
    /** Null without an objective or a measurement. */
    met: z.boolean().nullable(),
  })
  .meta({ id: 'Measure' });

const operationSchema = z
  .strictObject({
    step: z.string(),
    direction: z.enum(['forward', 'inverse']),
    attempt: z.int(),
    operation: z.string().nullable(),
    params: jsonSchema,
    /** Names the job on the agent. */
    opid: z.string(),
    startedAt: instant,
    finishedAt: instant.nullable(),
    outcome: z.string().nullable(),
    /** SHA-256 of the agent's signed receipt: GET /v1/documents/{sha256}. */
    receipt: z.string().nullable(),
  })
  .meta({ id: 'PerformedOperation' });

/** What the plan expected beside what came; null where there is nothing to compare. */
const comparisonSchema = z
  .strictObject({
    seconds: z.strictObject({ planned: z.number().nullable(), actual: z.number().nullable() }),
    /** From the fence to the opening. */
    outageSeconds: z.strictObject({ planned: z.number().nullable(), actual: z.number().nullable() }),
    /** Transactions of live that a restore undoes, when it was planned. */
    undone: lostSchema.nullable(),
  })
  .meta({ id: 'PlanAgainstActual' });

export const reportSchema = z
  .strictObject({
    run: runViewSchema,
    plan: planViewSchema,
    rto: measureSchema,
    rpo: measureSchema,
    comparison: comparisonSchema,
    operations: z.array(operationSchema),
    timeline: z.array(eventSchema),
    /** Names of the keys that took part, by id. */
    people: z.record(z.string(), z.string()),
    /** The newest event of the log when this was written: keep it, and nothing can be cut off unnoticed. */
    auditHead: z.strictObject({ log: z.string(), seq: z.int(), leaf: z.string() }).nullable(),
  })
  .meta({ id: 'Report' });

export type Report = z.infer<typeof reportSchema>;

const eventsMax = 1000;

/** The post-mortem of a run, from what was recorded while it ran. */
export function runReport(reader: Reader, id: string, principal: Principal, now: number): Report {
  const run = findRun(reader, id, principal);
  const plan = planView(loadPlan(reader, run.planId, principal), now);
  const result = run.result as unknown as Partial<DrillResult> | null;
  const log = listEvents(reader, { run: id, after: -1, limit: eventsMax });
  return {
    run,
    plan,
    rto: measure(plan.objectives.rtoSeconds, result?.rtoSeconds ?? null),
    rpo: measure(plan.objectives.rpoSeconds, result?.rpoSeconds ?? null),
    comparison: comparisonOf(run, plan),
    operations: performed(reader, id, plan),
    timeline: [...log.events],
    people: peopleOf(reader, [run.startedBy, plan.createdBy, ...log.events.map(({ actor }) => actor.id)]),
    auditHead: logHead(reader),
  };
}

function comparisonOf(run: RunView, plan: PlanView): Report['comparison'] {
  const { seconds, outageSeconds, lost } = plan.predictions;
  const [began, ended] = [microsOf(run.startedAt), microsOf(run.finishedAt)];
  const actual = began === null || ended === null ? null : (ended - began) / 1_000_000;
  const { cutover, exchange } = (run.result ?? {}) as {
    readonly cutover?: CutoverResult;
    readonly exchange?: ExchangeResult;
  };
  const isLive = cutover !== undefined || exchange !== undefined;
  const outage = cutover?.outage.seconds ?? exchange?.outageSeconds ?? (isLive ? null : 0);
  return {
    seconds: { planned: seconds?.median ?? null, actual },
    outageSeconds: { planned: outageSeconds, actual: outage },
    undone: cutover === undefined ? null : lost,
  };
}

function microsOf(text: string | null): number | null {
  const parsed = text === null ? null : parseInstant(text);
  return parsed?.ok ? parsed.micros : null;
}

function peopleOf(reader: Reader, ids: readonly string[]): Record<string, string> {
  const known = reader
    .select({ id: apiKeys.id, name: apiKeys.name })
    .from(apiKeys)
    .where(inArray(apiKeys.id, [...ids]));
  return Object.fromEntries(known.all().map(({ id, name }) => [id, name]));
}

function measure(objectiveSeconds: number | null, measuredSeconds: number | null): Report['rto'] {
  const known = objectiveSeconds !== null && measuredSeconds !== null;
  return { objectiveSeconds, measuredSeconds, met: known ? measuredSeconds <= objectiveSeconds : null };
}

function performed(reader: Reader, run: string, plan: PlanView): Report['operations'] {
  const rows = reader.select().from(attempts).where(eq(attempts.run, run)).orderBy(asc(attempts.intendedAt)).all();
  return rows.map((row) => {
    const step = plan.steps[row.step];
    const inverse = row.direction === 'inverse';
    return {
      step: (inverse ? step?.inverse?.name : step?.name) ?? `step ${row.step}`,
      direction: row.direction,
      attempt: row.number,
      operation: (inverse ? step?.inverse?.operation : step?.operation) ?? null,
      params: (inverse ? step?.inverse?.params : step?.params) ?? null,
      opid: row.opid,
      startedAt: formatInstant(row.intendedAt),
      finishedAt: row.endedAt === null ? null : formatInstant(row.endedAt),
      outcome: outcomeOf(row.outcome),
      receipt: row.receipt,
    };
  });
}

const outcomeSchema = z.looseObject({ is: z.string() });

function outcomeOf(text: string | null): string | null {
  return text === null ? null : outcomeSchema.parse(JSON.parse(text)).is;
}
