import { sha256Hex } from '@barback/shared/wire/jws.ts';
import { eventSchema, type AuditEvent } from '@barback/shared/audit/event.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { and, asc, desc, eq, gt, lt, lte, ne } from 'drizzle-orm';
import { appendEvent, logHead, type Actor } from '../audit/append-event.ts';
import type { Database, Reader, Tx } from '../db/database.ts';
import { events, meta } from '../db/schema.ts';
import { deliveries, disabledChannels } from '../db/watch-schema.ts';
import { write } from '../db/write.ts';
import { loadRunView } from '../engine/load-run-view.ts';
import type { Channel } from './channel-config.ts';
import { isFor, messageOf, type Message } from './message.ts';

export type Delivery = typeof deliveries.$inferSelect;

const cursorKey = 'notified';
const eventsAtOnce = 200;
const keptMicros = 90 * 24 * 3600 * 1_000_000;

/**
 * Puts what new events say into the queue of every channel that is to hear it; answers whether there may be more. What happened
 * before there was a channel is told to nobody.
 */
export function enqueueNew(database: Database, channels: readonly Channel[], now: Micros): boolean {
  return write(database, (tx) => {
    const head = logHead(tx)?.seq ?? -1;
    const cursor = cursorOf(tx);
    if (cursor === null || channels.length === 0) {
      if (cursor !== head) setCursor(tx, head);
      return false;
    }
    if (cursor === head) return false;
    const rows = tx
      .select({ bytes: events.bytes })
      .from(events)
      .where(gt(events.seq, cursor))
      .orderBy(asc(events.seq))
      .limit(eventsAtOnce)
      .all();
    for (const { bytes } of rows) enqueueEvent(tx, eventSchema.parse(JSON.parse(bytes)), channels, now);
    setCursor(tx, cursor + rows.length);
    return rows.length === eventsAtOnce;
  });
}

function enqueueEvent(tx: Tx, event: AuditEvent, channels: readonly Channel[], now: Micros): void {
  const run = event.run === null || !/^(run|gate)\./.test(event.type) ? null : loadRunView(tx, event.run);
  const message = messageOf(event, run);
  if (message === null) return;
  for (const channel of channels) {
    if (isFor(channel, message)) enqueue(tx, channel, { message, event: event.seq, at: now });
  }
}

/** Answers its id. */
export function enqueue(
  tx: Tx,
  channel: Channel,
  { message, event, at }: { readonly message: Message; readonly event: number | null; readonly at: Micros },
): string {
  const id = `msg_${newId(Math.floor(at / 1000))}`;
  const { type, data } = message;
  const state = isDisabled(tx, channel) ? 'dropped' : 'pending';
  const row = {
    id,
    channel: channel.name,
    event,
    type,
    server: data.server,
    body: JSON.stringify(message),
    state,
  } as const;
  tx.insert(deliveries)
    .values({ ...row, nextAt: at, createdAt: at })
    .onConflictDoNothing()
    .run();
  return id;
}

/** The oldest that a channel is due to try. */
export function nextDelivery(reader: Reader, channel: Channel, now: Micros): Delivery | undefined {
  return reader
    .select()
    .from(deliveries)
    .where(and(eq(deliveries.channel, channel.name), eq(deliveries.state, 'pending'), lte(deliveries.nextAt, now)))
    .orderBy(asc(deliveries.nextAt), asc(deliveries.event), asc(deliveries.id))
    .limit(1)
    .get();
}

export function newestDeliveries(reader: Reader, channel: string, limit: number): readonly Delivery[] {
  return reader
    .select()
    .from(deliveries)
    .where(eq(deliveries.channel, channel))
    .orderBy(desc(deliveries.createdAt), desc(deliveries.id))
    .limit(limit)
    .all();
}

export function recordDelivered(tx: Tx, { id, tries }: Delivery, at: Micros): void {
  tx.update(deliveries)
    .set({ state: 'delivered', tries: tries + 1, deliveredAt: at, error: null })
    .where(eq(deliveries.id, id))
    .run();
}

/** To be tried again at `nextAt`; null: it is given up. */
export function recordFailed(
  tx: Tx,
  { id, tries }: Delivery,
  { error, nextAt }: { error: string; nextAt: Micros | null },
): void {
  const change = nextAt === null ? { state: 'failed' as const } : { nextAt };
  tx.update(deliveries)
    .set({ ...change, tries: tries + 1, error })
    .where(eq(deliveries.id, id))
    .run();
}

export function isDisabled(reader: Reader, channel: Channel): boolean {
  return disabledOf(reader, channel) !== null;
}

/** Since when and why a channel is disabled; null when it is not, or is configured otherwise by now. */
export function disabledOf(reader: Reader, channel: Channel): { readonly at: Micros; readonly reason: string } | null {
  const row = reader.select().from(disabledChannels).where(eq(disabledChannels.channel, channel.name)).get();
  if (!row || row.fingerprint !== fingerprint(channel)) return null;
  return { at: row.disabledAt, reason: row.reason };
}

/** What waits for it is dropped, and said to be. */
export function disable(tx: Tx, channel: Channel, { at, reason }: { at: Micros; reason: string }): void {
  const row = { fingerprint: fingerprint(channel), disabledAt: at, reason };
  tx.insert(disabledChannels)
    .values({ channel: channel.name, ...row })
    .onConflictDoUpdate({ target: disabledChannels.channel, set: row })
    .run();
  tx.update(deliveries)
    .set({ state: 'dropped', error: reason })
    .where(and(eq(deliveries.channel, channel.name), eq(deliveries.state, 'pending')))
    .run();
  const actor = { kind: 'engine', id: 'barback-api' } as const;
  appendEvent(tx, { type: 'channel.disabled', at, actor, data: { channel: channel.name, reason } });
}

export function enable(tx: Tx, channel: Channel, { at, actor }: { at: Micros; actor: Actor }): void {
  const changed = tx.delete(disabledChannels).where(eq(disabledChannels.channel, channel.name)).run().changes;
  if (changed > 0) appendEvent(tx, { type: 'channel.enabled', at, actor, data: { channel: channel.name } });
}

/** What was told or given up long ago. */
export function forgetOld(tx: Tx, now: Micros): void {
  tx.delete(deliveries)
    .where(and(ne(deliveries.state, 'pending'), lt(deliveries.createdAt, now - keptMicros)))
    .run();
}

function fingerprint(channel: Channel): string {
  return sha256Hex(JSON.stringify(channel));
}

function cursorOf(reader: Reader): number | null {
  const value = reader.select().from(meta).where(eq(meta.key, cursorKey)).get()?.value;
  return value === undefined ? null : Number(value);
}

function setCursor(tx: Tx, seq: number): void {
  const value = String(seq);
  tx.insert(meta).values({ key: cursorKey, value }).onConflictDoUpdate({ target: meta.key, set: { value } }).run();
}
