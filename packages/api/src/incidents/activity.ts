import { histogramSeconds } from '@barback/shared/operations/wal-index.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { and, eq, gte, lte, sql, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import type { Reader } from '../db/database.ts';
import { walSegments } from '../db/wal-schema.ts';
import { indexStateSchema } from '../wal-index/wal-state.ts';
import type { Stretch, TimelinePath } from '../window/timeline-tree.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.000000Z' });

export const activitySchema = z
  .strictObject({
    server: z.string(),
    observedAt: instant.nullable(),
    index: indexStateSchema,
    timeline: z.int(),
    from: instant,
    to: instant,
    stepSeconds: z.int(),
    /** Commits in each step, from `from` on. */
    commits: z.array(z.int()),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Activity' });

export type Activity = z.infer<typeof activitySchema>;

export const activityStepsMax = 2_000;
const stepsByDefault = 100;

/** From the begin of the first step to that of the one behind the last. */
export interface Span {
  readonly from: Micros;
  readonly to: Micros;
}

const histogramSchema = z.array(z.tuple([z.int(), z.int()]));

/** Commits per step along a path, from the histograms of its segments. */
export function commitsPerStep(
  reader: Reader,
  { server, path, span, stepSeconds }: { server: string; path: TimelinePath; span: Span; stepSeconds: number },
): number[] {
  const { from, to } = span;
  const commits = Array.from({ length: Math.ceil((to - from) / 1_000_000 / stepSeconds) }, () => 0);
  for (const stretch of path.stretches) {
    const rows = reader
      .select({ commitsByTime: walSegments.commitsByTime })
      .from(walSegments)
      .where(and(inside(server, stretch), gte(walSegments.latest, from), lte(walSegments.earliest, to)))
      .all();
    for (const row of rows) {
      for (const [second, count] of histogramSchema.parse(JSON.parse(row.commitsByTime))) {
        const step = Math.floor((second - from / 1_000_000) / stepSeconds);
        if (commits[step] !== undefined) commits[step] += count;
      }
    }
  }
  return commits;
}

/** What is shown: from and to as asked, otherwise every commit of the path, on the borders of steps. */
export function activitySpan(
  reader: Reader,
  {
    server,
    path,
    from,
    to,
    stepSeconds,
  }: { server: string; path: TimelinePath; stepSeconds: number | null } & {
    [K in keyof Span]: Micros | null;
  },
  now: Micros,
): { readonly span: Span; readonly stepSeconds: number } {
  const bounds = from !== null && to !== null ? null : boundsOf(reader, server, path);
  const first = from ?? bounds?.from ?? now;
  const last = Math.max(first, to ?? bounds?.to ?? now);
  const step = stepSeconds ?? niceStep((last - first) / 1_000_000);
  const micros = step * 1_000_000;
  const begin = Math.floor(first / micros) * micros;
  return {
    stepSeconds: step,
    span: { from: begin, to: begin + Math.max(1, Math.ceil((last + 1 - begin) / micros)) * micros },
  };
}

/** The smallest step of those that people read that makes a picture of moderate width. */
function niceStep(seconds: number): number {
  const steps = [histogramSeconds, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400];
  return (
    steps.find((step) => seconds / step <= stepsByDefault) ?? Math.ceil(seconds / stepsByDefault / 86_400) * 86_400
  );
}

function boundsOf(reader: Reader, server: string, path: TimelinePath): Span | null {
  const bounds = path.stretches.flatMap((stretch) => {
    const found = reader
      .select({
        from: sql<number | null>`min(${walSegments.earliest})`,
        to: sql<number | null>`max(${walSegments.latest})`,
      })
      .from(walSegments)
      .where(inside(server, stretch))
      .get();
    return found?.from == null || found.to == null ? [] : [{ from: found.from, to: found.to }];
  });
  if (bounds.length === 0) return null;
  return { from: Math.min(...bounds.map((one) => one.from)), to: Math.max(...bounds.map((one) => one.to)) };
}

function inside(server: string, { timeline, first, last }: Stretch): SQL | undefined {
  return and(
    eq(walSegments.server, server),
    eq(walSegments.timeline, timeline),
    gte(walSegments.number, first),
    last === null ? undefined : lte(walSegments.number, last),
  );
}
