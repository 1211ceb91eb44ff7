import { operations } from '@barback/shared/operations/index.ts';
import { tableNameSchema } from '@barback/shared/operations/table-compare.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import type { EngineDeps } from '../engine/engine-deps.ts';
import type { RunView } from '../engine/run-view.ts';

export const comparisonSchema = operations['table-compare'].result
  .extend({ run: z.string(), database: z.string() })
  .meta({ id: 'TableComparison' });

export type TableComparison = z.infer<typeof comparisonSchema>;

/** `schema.table`, several with commas between. */
export const tablesQuery = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(tableNameSchema).min(1).max(20))
  .meta({ description: 'schema.table, several with commas between' });

const statementTimeoutMs = 20_000;

/** Asks the copy of a waiting run and live for the same tables. Throws ProblemError. */
export async function compareTables(
  { agents }: EngineDeps,
  run: RunView,
  { database, tables, sub }: { readonly database: string; readonly tables: readonly string[]; readonly sub: string },
): Promise<TableComparison> {
  if (run.gate === null) {
    throw new ProblemError('copy-not-open', `run ${run.id} is ${run.state} and waits at no gate`, {
      next: 'Plan with "inspect": "paused" or "promoted" in the options, and ask while the run waits.',
    });
  }
  const params = { server: run.server, database, tables: [...tables], statementTimeoutMs };
  const context = { sub, plan: run.planId, run: run.id, signal: AbortSignal.timeout(240_000) };
  const { result } = await agents.client(run.server).call('table-compare', params, context);
  return { run: run.id, database, ...result };
}
