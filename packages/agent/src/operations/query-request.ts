import { z } from 'zod';

/** What a query child is told on standard input. */
export const queryRequestSchema = z.strictObject({
  /** The user whose rights the child takes before it connects; null keeps its own. */
  drop: z.strictObject({ name: z.string(), uid: z.int(), gid: z.int() }).nullable(),
  socketDirectory: z.string(),
  port: z.int(),
  role: z.string(),
  database: z.string(),
  sql: z.string(),
  statementTimeoutMs: z.int().positive(),
  lockTimeoutMs: z.int().positive(),
  rowsMax: z.int().positive(),
});

export type QueryRequest = z.infer<typeof queryRequestSchema>;

/** What it answers on standard output. */
export const queryAnswerSchema = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    rows: z.array(z.record(z.string(), z.string().nullable())),
    more: z.boolean(),
  }),
  z.strictObject({ ok: z.literal(false), error: z.string() }),
]);

export type QueryAnswer = z.infer<typeof queryAnswerSchema>;
