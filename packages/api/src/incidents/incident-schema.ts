import { targetSchema } from '@barback/shared/postgres/target.ts';
import { z } from 'zod';
import { indexStateSchema } from '../wal-index/wal-state.ts';
import { incidentKinds } from './classify.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.123456Z' });

const affectedSchema = z
  .strictObject({
    what: z.enum(['dropped', 'truncated', 'rewritten', 'rows changed', 'altered']),
    /** Names as last seen in live; null where they were never learned. */
    database: z.string().nullable(),
    schema: z.string().nullable(),
    name: z.string().nullable(),
    /** What WAL names instead of a name. */
    unnamed: z.string().nullable(),
    deleted: z.int(),
    updated: z.int(),
    /** Share of the table's rows, by the planner's estimate as last seen; null without one. */
    share: z.number().nullable(),
  })
  .meta({ id: 'AffectedRelation' });

export const incidentSchema = z
  .strictObject({
    xid: z.int(),
    time: instant,
    lsn: z.string(),
    timeline: z.int(),
    kinds: z.array(z.enum(incidentKinds)),
    relations: z.array(affectedSchema),
    droppedDatabases: z.array(z.string()),
    rows: z.strictObject({ deleted: z.int(), updated: z.int() }),
    /** The numbers are lower bounds: the transaction is large, or began before the index did. */
    atLeast: z.boolean(),
    /** False while only pg_wal of live has it. */
    heldByBarman: z.boolean(),
    /** The last state without it. */
    target: targetSchema,
  })
  .meta({ id: 'Incident' });

export type Incident = z.infer<typeof incidentSchema>;

export const incidentListSchema = z
  .strictObject({
    server: z.string(),
    observedAt: instant.nullable(),
    index: indexStateSchema,
    transactions: z.array(incidentSchema),
    /** Goes on as `before`; null at the end. */
    next: z.string().nullable(),
    /** What was asked for, defaults included. */
    asked: z.strictObject({
      from: instant.nullable(),
      to: instant.nullable(),
      kinds: z.array(z.enum(incidentKinds)),
      relation: z.string().nullable(),
      minRows: z.int(),
    }),
    /** Transactions of that time that are not kept because each changed no more rows than this. */
    notKept: z.strictObject({ transactions: z.int(), rowsMax: z.int() }),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Incidents' });

export type IncidentList = z.infer<typeof incidentListSchema>;
