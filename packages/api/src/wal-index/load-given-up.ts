import { and, asc, eq, isNotNull } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { runs } from '../db/schema.ts';
import { rebaselineResultSchema } from '../scenarios/rebaseline-result.ts';
import type { GivenUp } from '../window/given-up.ts';

/** What the server's new baselines gave up, oldest first, those of failed runs too. */
export function loadGivenUp(reader: Reader, server: string): readonly GivenUp[] {
  const { id, finishedAt, createdAt, result } = runs;
  return reader
    .select({ id, finishedAt, createdAt, result })
    .from(runs)
    .where(and(eq(runs.server, server), eq(runs.scenario, 'rebaseline'), isNotNull(result)))
    .orderBy(asc(id))
    .all()
    .flatMap((row) => {
      const { givenUp, dropped, slot } = rebaselineResultSchema.parse(JSON.parse(row.result ?? 'null'));
      if (givenUp === null) return [];
      const own = dropped.find((one) => one.existed && one.slot === slot?.name)?.slot ?? null;
      return [{ run: row.id, at: row.finishedAt ?? row.createdAt, ...givenUp, slot: own }];
    });
}
