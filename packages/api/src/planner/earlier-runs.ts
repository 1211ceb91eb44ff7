import { and, desc, eq, inArray, isNotNull } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { documents, plans, runs } from '../db/schema.ts';
import { planDocumentSchema } from './plan-document.ts';

/** What earlier runs of a server tell the planner. */
export interface EarlierRuns {
  /** Seconds of the last five succeeded runs of the scenario. */
  readonly seconds: readonly number[];
  /** System identifier that the newest plan saw; null when none saw any. */
  readonly systemIdentifier: string | null;
  readonly activeRun: string | null;
}

export function earlierRuns(reader: Reader, server: string, scenario: string): EarlierRuns {
  const succeeded = reader
    .select({ startedAt: runs.startedAt, finishedAt: runs.finishedAt })
    .from(runs)
    .where(
      and(
        eq(runs.server, server),
        eq(runs.scenario, scenario),
        eq(runs.state, 'succeeded'),
        isNotNull(runs.finishedAt),
      ),
    )
    .orderBy(desc(runs.id))
    .limit(5)
    .all();
  const active = reader
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.server, server), inArray(runs.state, ['queued', 'running', 'waiting', 'needs_operator'])))
    .get();
  return {
    seconds: succeeded.flatMap(({ startedAt, finishedAt }) =>
      startedAt === null || finishedAt === null ? [] : [(finishedAt - startedAt) / 1_000_000],
    ),
    systemIdentifier: newestSystemIdentifier(reader, server),
    activeRun: active?.id ?? null,
  };
}

function newestSystemIdentifier(reader: Reader, server: string): string | null {
  const row = reader
    .select({ bytes: documents.bytes })
    .from(plans)
    .innerJoin(documents, eq(documents.sha256, plans.hash))
    .where(eq(plans.server, server))
    .orderBy(desc(plans.id))
    .limit(1)
    .get();
  return row === undefined ? null : planDocumentSchema.parse(JSON.parse(row.bytes.toString('utf8'))).systemIdentifier;
}
