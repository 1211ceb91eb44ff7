import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { and, desc, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import type { Reader } from '../db/database.ts';
import { runs } from '../db/schema.ts';
import { loadPlan, type RunRow } from '../engine/load-run.ts';
import type { DrillResult } from '../scenarios/drill-result.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.123456Z' });
const seconds = z.number().nullable();

export const pastDrillSchema = z
  .strictObject({
    run: z.string(),
    state: z.enum(['succeeded', 'failed', 'cancelled']),
    finishedAt: instant,
    startedBy: z.string(),
    target: z.string(),
    backup: z.string(),
    bytes: z.int().nullable(),
    /** Seconds of each phase; null where the drill did not get to its end. */
    phases: z.strictObject({
      recover: seconds,
      verifyManifest: seconds,
      start: seconds,
      replay: seconds,
      promote: seconds,
    }),
    copyBytesPerSecond: z.number().nullable(),
    /** What a real restore of that backup to that target needs. */
    rtoSeconds: seconds,
    proof: z.strictObject({
      manifest: z.string().nullable(),
      /** How it is known where recovery stopped. */
      evidence: z.string().nullable(),
      tables: z.int(),
      amcheck: z.string().nullable(),
      probesFailed: z.int(),
    }),
    /** Tables that have fewer rows than in live or in the drill before, and the largest loss in percent. */
    tablesWithLoss: z.int(),
    lossPercentMax: z.number().nullable(),
    problem: z.string().nullable(),
  })
  .meta({ id: 'PastDrill' });

export type PastDrill = z.infer<typeof pastDrillSchema>;

/** Newest first. */
export function drillHistory(reader: Reader, server: string, limit: number): readonly PastDrill[] {
  return reader
    .select()
    .from(runs)
    .where(
      and(
        eq(runs.server, server),
        eq(runs.scenario, 'drill'),
        inArray(runs.state, ['succeeded', 'failed', 'cancelled']),
      ),
    )
    .orderBy(desc(runs.id))
    .limit(limit)
    .all()
    .map((row) => pastDrill(reader, row));
}

function pastDrill(reader: Reader, row: RunRow): PastDrill {
  const { document } = loadPlan(reader, row.plan);
  if (document.scenario !== 'drill') throw new Error(`run ${row.id} is no drill`);
  const result = row.result === null ? null : (JSON.parse(row.result) as DrillResult);
  const recover = result?.phases.recover ?? null;
  const losses = (result?.comparison ?? []).flatMap((one) => (one.lossPercent === null ? [] : [one.lossPercent]));
  const bytes = result?.bytes ?? null;
  return {
    run: row.id,
    state: row.state as PastDrill['state'],
    finishedAt: formatInstant(row.finishedAt ?? row.createdAt),
    startedBy: row.startedBy,
    target: document.target.type,
    backup: document.backup.id,
    bytes,
    phases: {
      recover,
      verifyManifest: result?.phases.verifyManifest ?? null,
      start: result?.phases.start ?? null,
      replay: result?.phases.replay ?? null,
      promote: result?.phases.promote ?? null,
    },
    copyBytesPerSecond: bytes === null || recover === null || recover === 0 ? null : Math.round(bytes / recover),
    rtoSeconds: result?.rtoSeconds ?? null,
    proof: {
      manifest: result?.manifest ?? null,
      evidence: result?.evidence ?? null,
      tables: result?.tables.length ?? 0,
      amcheck: result?.amcheck?.level ?? null,
      probesFailed: (result?.probes ?? []).filter(({ ok }) => !ok).length,
    },
    tablesWithLoss: losses.filter((one) => one > 0).length,
    lossPercentMax: losses.length === 0 ? null : Math.max(...losses),
    problem: row.problem === null ? null : (JSON.parse(row.problem) as { detail: string }).detail,
  };
}
