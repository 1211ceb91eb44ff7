import { eventSchema, type AuditEvent, type EventType } from '@barback/shared/audit/event.ts';
import { leafHash, noPrevious } from '@barback/shared/audit/leaf-hash.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { desc, eq } from 'drizzle-orm';
import type { Reader, Tx } from '../db/database.ts';
import { events, meta } from '../db/schema.ts';

export type Actor = AuditEvent['actor'];

export interface NewEvent {
  readonly type: EventType;
  readonly at: Micros;
  readonly actor: Actor;
  readonly server?: string | null;
  readonly plan?: string | null;
  readonly run?: string | null;
  readonly step?: string | null;
  readonly attempt?: number | null;
  readonly data: Json;
}

/** Adds an event to the log, in the transaction of the change that it records; answers its number. */
export function appendEvent(tx: Tx, event: NewEvent): number {
  const head = logHead(tx);
  if (head === null) throw new Error('cannot append to the audit log: it was never opened');
  return insertEvent(tx, event, head);
}

/** Gives a new database its log with an identity of its own. */
export function ensureLogOpened(tx: Tx, at: Micros): void {
  if (logHead(tx) !== null) return;
  const log = newId(Math.floor(at / 1000));
  tx.insert(meta).values({ key: 'log', value: log }).run();
  const actor = { kind: 'engine', id: 'barback-api' } as const;
  insertEvent(tx, { type: 'log.opened', at, actor, data: { log } }, { log, seq: -1, leaf: noPrevious });
}

export interface LogHead {
  readonly log: string;
  readonly seq: number;
  /** Hex of the RFC 6962 leaf hash of the newest event. */
  readonly leaf: string;
}

/** The newest event; whoever keeps it elsewhere can prove later that nothing was cut off. */
export function logHead(reader: Reader): LogHead | null {
  const log = reader.select().from(meta).where(eq(meta.key, 'log')).get()?.value;
  const last = reader
    .select({ seq: events.seq, leaf: events.leaf })
    .from(events)
    .orderBy(desc(events.seq))
    .limit(1)
    .get();
  return log === undefined || last === undefined ? null : { log, ...last };
}

function insertEvent(tx: Tx, event: NewEvent, head: LogHead): number {
  const { type, at, actor, server = null, run = null } = event;
  const whole = eventSchema.parse({
    v: 1,
    log: head.log,
    seq: head.seq + 1,
    at: formatInstant(at),
    type,
    actor,
    server,
    plan: event.plan ?? null,
    run,
    step: event.step ?? null,
    attempt: event.attempt ?? null,
    data: event.data,
    prev: head.leaf,
  } satisfies AuditEvent);
  // A lone surrogate is escaped by JSON.stringify, but other languages refuse to read it.
  const bytes = JSON.stringify(whole, (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  );
  tx.insert(events)
    .values({ seq: whole.seq, bytes, leaf: leafHash(bytes), at, type, server, run })
    .run();
  return whole.seq;
}
