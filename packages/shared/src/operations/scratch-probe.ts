import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';

/** A read-only question to the restored data. */
export const probeSchema = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 _.:-]{0,62}$/),
    database: z.string().regex(/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/),
    sql: z.string().min(1).max(8192),
  })
  .meta({ id: 'Probe' });

export type Probe = z.infer<typeof probeSchema>;

/** Rows per table; `rows` is null when the table is locked by the transaction that is being undone, or the limit was hit. */
export const tableCountSchema = z.strictObject({
  database: z.string(),
  schema: z.string(),
  table: z.string(),
  rows: z.int().nullable(),
  note: z.string().nullable(),
});

export type TableCount = z.infer<typeof tableCountSchema>;

export const probeResultSchema = z.strictObject({
  name: z.string(),
  ok: z.boolean(),
  /** At most 100 rows of text values; null when it failed. */
  rows: z.array(z.record(z.string(), z.string().nullable())).nullable(),
  error: z.string().nullable(),
});

export type ProbeResult = z.infer<typeof probeResultSchema>;

/** Connects to every database of the copy, counts the rows of every table and runs the given queries as a role that cannot write. */
export const scratchProbe = defineContract({
  class: 'A',
  limitMs: 6 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** `paused`: before promotion, given SQL only where the probe role is in the backup. `promoted`: what is still open (T5). */
    phase: z.enum(['paused', 'promoted']),
    probes: z.array(probeSchema).max(64),
    statementTimeoutMs: z.int().min(100),
  }),
  result: z.strictObject({
    databases: z.array(z.strictObject({ name: z.string(), tables: z.int(), sizeBytes: z.int() })),
    tables: z.array(tableCountSchema),
    probes: z.array(probeResultSchema),
    /** Names of probes that wait for the promoted phase because the probe role is not in the backup. */
    deferred: z.array(z.string()),
  }),
});
