import { z } from 'zod';
import { logHead } from '../audit/append-event.ts';
import type { Reader } from '../db/database.ts';
import { generationSchema } from './generation.ts';
import type { OffsiteState } from './offsite-keeper.ts';

const problemSchema = z.strictObject({ since: z.string(), detail: z.string(), next: z.string().nullable() });

export const databaseViewSchema = z
  .strictObject({
    log: z.string(),
    /** Of the audit log. */
    events: z.int(),
    /** Null: the configuration names no box. */
    mirror: z
      .strictObject({
        destination: z.string(),
        everyMinutes: z.number(),
        /** The newest copy on the box that this api knows of; null: none since it runs. */
        newest: generationSchema.nullable(),
        /** Events that the copy does not have; null while none is known. */
        behindEvents: z.int().nullable(),
        problem: problemSchema.nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'ApiDatabase' });

export type DatabaseView = z.infer<typeof databaseViewSchema>;

export function databaseView(reader: Reader, state: OffsiteState | null): DatabaseView {
  const head = logHead(reader);
  const events = (head?.seq ?? -1) + 1;
  const whole = { log: head?.log ?? '', events };
  if (state === null) return { ...whole, mirror: null };
  const { destination, everyMinutes, newest, problem } = state;
  const behindEvents = newest === null ? null : events - newest.seq - 1;
  const told = problem && { since: problem.since, detail: problem.problem.detail, next: problem.problem.next ?? null };
  return { ...whole, mirror: { destination, everyMinutes, newest, behindEvents, problem: told } };
}
