import { eventSchema, type AuditEvent } from '@barback/shared/audit/event.ts';
import { and, asc, desc, eq, gt, lt, type SQL } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { events } from '../db/schema.ts';

export interface EventQuery {
  readonly run?: string;
  readonly server?: string;
  /** Events strictly after this number, oldest first. */
  readonly after?: number;
  /** Events strictly before this number, newest first; used when `after` is left out. */
  readonly before?: number;
  /** 1 to 1000. */
  readonly limit: number;
}

export interface EventPage {
  readonly events: readonly AuditEvent[];
  /** The number to continue from in the same direction; null at the end. */
  readonly next: number | null;
}

/** A page of the log. */
export function listEvents(reader: Reader, query: EventQuery): EventPage {
  const forward = query.after !== undefined;
  const filters: SQL[] = [];
  if (query.run !== undefined) filters.push(eq(events.run, query.run));
  if (query.server !== undefined) filters.push(eq(events.server, query.server));
  if (query.after !== undefined) filters.push(gt(events.seq, query.after));
  else if (query.before !== undefined) filters.push(lt(events.seq, query.before));
  const rows = reader
    .select({ seq: events.seq, bytes: events.bytes })
    .from(events)
    .where(and(...filters))
    .orderBy(forward ? asc(events.seq) : desc(events.seq))
    .limit(query.limit + 1)
    .all();
  const page = rows.slice(0, query.limit);
  return {
    events: page.map((row) => eventSchema.parse(JSON.parse(row.bytes))),
    next: rows.length > query.limit ? (page.at(-1)?.seq ?? null) : null,
  };
}
