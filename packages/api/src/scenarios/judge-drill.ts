import type { Result } from '@barback/shared/operations/index.ts';
import type { TableCount } from '@barback/shared/operations/scratch-probe.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import type { ComparisonLine, DrillResult } from './drill-result.ts';

/** What "looks sensible" means for a server (T15). */
export interface DrillBounds {
  /** A drill fails when any table has lost more than this share of its rows against live or the last drill; null: only shown. */
  readonly rowLossPercentMax: number | null;
  readonly tablesMin: number | null;
}

export interface JudgeInput {
  readonly bounds: DrillBounds;
  /** The drill so far. */
  readonly result: Pick<DrillResult, 'probes' | 'tables'>;
  /** Live's rows; null when live did not answer. */
  readonly live: Result<'live-count'> | null;
  /** Tables of the last succeeded drill of this server; null when there is none. */
  readonly previous: readonly TableCount[] | null;
}

export type Judgement =
  | { readonly is: 'passed'; readonly comparison: readonly ComparisonLine[] }
  | { readonly is: 'failed'; readonly problem: Problem };

/** "Looks sensible", made exact (T15): probes first, then the number of tables, then the rows of each. Pure. */
export function judgeDrill({ bounds, result, live, previous }: JudgeInput): Judgement {
  const comparison = compare(result.tables, live?.available === true ? live.tables : [], previous ?? []);
  const facts = { comparison: comparison as unknown as Json };
  const broken = result.probes.filter((probe) => !probe.ok);
  if (broken.length > 0) {
    const names = broken.map((probe) => `${probe.name}: ${probe.error ?? 'no reason given'}`).join('; ');
    return {
      is: 'failed',
      problem: problem('probe-failed', `${broken.length} of ${result.probes.length} probes failed: ${names}`, {
        next: 'Run the probe on live; if it passes there, the backup lacks what it asks for',
        facts,
      }),
    };
  }
  if (bounds.tablesMin !== null && result.tables.length < bounds.tablesMin) {
    return {
      is: 'failed',
      problem: problem(
        'comparison-failed',
        `The copy has ${result.tables.length} tables; at least ${bounds.tablesMin} are expected`,
        {
          next: 'Compare the list of tables with live; lower tablesMin if tables were dropped on purpose',
          facts,
        },
      ),
    };
  }
  return withinRowBounds(bounds.rowLossPercentMax, comparison, facts) ?? { is: 'passed', comparison };
}

function withinRowBounds(
  maximum: number | null,
  comparison: readonly ComparisonLine[],
  facts: { readonly comparison: Json },
): Judgement | null {
  if (maximum === null) return null;
  const lost = comparison.filter((line) => line.lossPercent !== null && line.lossPercent > maximum);
  if (lost.length === 0) return null;
  const worst = lost
    .toSorted((a, b) => (b.lossPercent ?? 0) - (a.lossPercent ?? 0))
    .slice(0, 5)
    .map((line) => `${line.database}.${line.schema}.${line.table} lacks ${line.lossPercent} %`);
  return {
    is: 'failed',
    problem: problem(
      'comparison-failed',
      `${lost.length} tables have lost more than ${maximum} % of their rows: ${worst.join('; ')}`,
      { next: 'See the comparison in the result of the run; raise rowLossPercentMax if the loss is expected', facts },
    ),
  };
}

function compare(
  copy: readonly TableCount[],
  live: readonly TableCount[],
  previous: readonly TableCount[],
): readonly ComparisonLine[] {
  const liveRows = rowsByTable(live);
  const previousRows = rowsByTable(previous);
  const known = new Set(copy.map(keyOf));
  // A table that only live or the last drill has is a table whose rows are all missing.
  const absent = [...new Map([...previous, ...live].map((one) => [keyOf(one), one])).values()]
    .filter((one) => !known.has(keyOf(one)))
    .map((one) => ({ ...one, rows: 0, note: 'the table is not in the copy' }));
  return [...copy, ...absent].map((table) => {
    const references = [liveRows.get(keyOf(table)) ?? null, previousRows.get(keyOf(table)) ?? null] as const;
    return {
      database: table.database,
      schema: table.schema,
      table: table.table,
      rows: table.rows,
      live: references[0],
      previous: references[1],
      lossPercent: lossPercent(table.rows, references),
      note: table.note,
    };
  });
}

/** Against the larger reference; unknown counts (locked, over the limit) are never a loss. */
function lossPercent(rows: number | null, references: readonly (number | null)[]): number | null {
  const known = references.filter((reference) => reference !== null);
  if (rows === null || known.length === 0) return null;
  const reference = Math.max(...known);
  if (rows >= reference) return 0;
  return Math.round(((reference - rows) / reference) * 10_000) / 100;
}

function rowsByTable(tables: readonly TableCount[]): ReadonlyMap<string, number | null> {
  return new Map(tables.map((table) => [keyOf(table), table.rows]));
}

function keyOf(table: Pick<TableCount, 'database' | 'schema' | 'table'>): string {
  return JSON.stringify([table.database, table.schema, table.table]);
}
