import { parseInstant } from '@barback/shared/postgres/instant.ts';
import { and, desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Reader } from '../db/database.ts';
import { events } from '../db/schema.ts';
import { loadWindow } from '../wal-index/load-window.ts';
import { mirrorView } from './mirror-view.ts';

const commit = z.strictObject({ xid: z.int(), lsn: z.string(), time: z.string() });

/** What was known of a server when another agent took it over: behind that the api learns of another cluster. */
const leftBehindSchema = z.strictObject({
  /** When the mirror was last brought up to date, and what a disaster loses at that moment. */
  mirroredAt: z.string().nullable(),
  lostNow: z.strictObject({ commits: z.int().nullable(), seconds: z.number().nullable() }).nullable(),
  /** The newest commit of the old host that the api has seen. */
  newestCommit: commit.nullable(),
});

export type LeftBehind = z.infer<typeof leftBehindSchema>;

/** To be recorded in the event of the change. */
export function leftBehindBy(reader: Reader, server: string, clock: Clock): LeftBehind {
  const { current, lostNow } = mirrorView(reader, server, clock);
  const { newestCommit } = loadWindow(reader, server, clock).rpo;
  const newest = newestCommit && { xid: newestCommit.xid, lsn: newestCommit.lsn, time: newestCommit.time };
  return { mirroredAt: current?.at ?? null, lostNow, newestCommit: newest };
}

/** As the newest such event has it; null: no other agent took the server over. */
export function lastLeftBehind(reader: Reader, server: string): LeftBehind | null {
  const rows = reader
    .select({ bytes: events.bytes })
    .from(events)
    .where(and(eq(events.server, server), eq(events.type, 'server.changed')))
    .orderBy(desc(events.seq))
    .limit(20)
    .all();
  for (const { bytes } of rows) {
    const { data } = JSON.parse(bytes) as { data?: { leftBehind?: unknown } };
    if (data?.leftBehind) return leftBehindSchema.parse(data.leftBehind);
  }
  return null;
}

/**
 * What is lost of that by a restore to the mirror's own promise: the commits behind it and the time that they span. Null when it is not
 * known. Pure.
 */
export function lostBehind(
  left: LeftBehind | null,
  held: { readonly time: string } | null,
): { transactions: number; seconds: number | null } | null {
  if (left === null || left.lostNow?.commits == null) return null;
  const [newest, last] = [left.newestCommit, held].map((one) => (one === null ? null : parseInstant(one.time)));
  const seconds = newest?.ok && last?.ok ? Math.max(0, (newest.micros - last.micros) / 1_000_000) : null;
  return { transactions: left.lostNow.commits, seconds };
}
