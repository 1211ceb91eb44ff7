import { z } from 'zod';
import { parseInstant, type Micros } from './instant.ts';
import { lsnPattern } from './lsn.ts';

/** Which branch is meant where a target exists on several: the timeline to recover along. */
const timeline = z.int().positive().optional();

const words = /^(now|today|yesterday|tomorrow|epoch|-?infinity|allballs)\b/i;

/** A point in time as RFC 3339 with offset; anything else says what to write instead. */
export const timeSchema = z.string().superRefine((text, context) => {
  const parsed = parseInstant(text);
  if (!parsed.ok) context.addIssue({ code: 'custom', message: adviceFor(text, parsed.reason) });
});

const xid = z.int().min(3).max(0xffff_ffff);
const lsn = z.string().regex(lsnPattern, 'write an LSN as PostgreSQL prints it: 1/760000D8');

/** Where recovery stops, as an operator writes it. */
export const targetSchema = z
  .discriminatedUnion('type', [
    /** The end of a backup. */
    z.strictObject({ type: z.literal('immediate') }),
    /** Everything that Barman holds. */
    z.strictObject({ type: z.literal('latest') }),
    /** The state of that instant: just before the first commit in WAL order that is later. */
    z.strictObject({ type: z.literal('time'), time: timeSchema, timeline }),
    /** `inclusive` (the default): with the record that begins there; otherwise just before it. */
    z.strictObject({ type: z.literal('lsn'), lsn, inclusive: z.boolean().default(true), timeline }),
    /** `inclusive` (the default): with that transaction; otherwise just before it. */
    z.strictObject({ type: z.literal('xid'), xid, inclusive: z.boolean().default(true), timeline }),
    /** A restore point. */
    z.strictObject({ type: z.literal('name'), name: z.string().min(1).max(63), timeline }),
    /** The last state without that transaction. */
    z.strictObject({ type: z.literal('before-transaction'), xid, timeline }),
  ])
  .meta({ id: 'Target' });

export type Target = z.output<typeof targetSchema>;

/** Where recovery stops, as the agent executes it: everything but the two ends of WAL is a position in it. */
export const recoveryTargetSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('immediate') }),
  z.strictObject({ type: z.literal('latest') }),
  z.strictObject({ type: z.literal('lsn'), lsn, inclusive: z.boolean() }),
]);

export type RecoveryTarget = z.infer<typeof recoveryTargetSchema>;

/** The instant of a target's time, whose text the schema has validated. */
export function instantOf(time: string): Micros {
  const parsed = parseInstant(time);
  if (!parsed.ok) throw new Error(`cannot use the target time: ${parsed.reason}`);
  return parsed.micros;
}

function adviceFor(text: string, reason: string): string {
  if (words.test(text)) {
    return 'write the instant itself, such as 2026-11-22T12:00:00.5Z; for everything that Barman holds: {"type":"latest"}';
  }
  if (/^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)? \d{2}:\d{2}$/.test(text)) {
    return 'in a URL, + means a space: write the offset as %2B02:00';
  }
  if (/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(text)) {
    return 'add the offset, without which it could be any of 24 hours: Z for UTC, or +02:00';
  }
  return reason;
}
