import { walCarrySchema, walIndex } from '@barback/shared/operations/wal-index.ts';
import { walEnds } from '@barback/shared/operations/wal-ends.ts';
import { relationFileSchema } from '@barback/shared/postgres/relation-file.ts';
import { z } from 'zod';

/** A file of the path, in order and without a gap. */
const fileSchema = z.strictObject({
  /** Its own name; along the path a file may carry the name of an older timeline. */
  segment: z.string(),
  file: z.string(),
  /** Whether WAL may end in it: it is still being written. */
  mayEnd: z.boolean(),
});

export type WalFile = z.infer<typeof fileSchema>;

const common = {
  /** The user whose rights the child takes before it opens anything; null keeps its own. */
  drop: z.strictObject({ name: z.string(), uid: z.int(), gid: z.int() }).nullable(),
  binDirectory: z.string(),
  timeline: z.int(),
  segmentBytes: z.int(),
  files: z.array(fileSchema).min(1),
};

/** What the child that reads WAL is told on standard input. */
export const walRequestSchema = z.discriminatedUnion('what', [
  z.strictObject({
    what: z.literal('index'),
    ...common,
    /** Files before this one are only there because the carry begins in them. */
    first: z.string(),
    carry: walCarrySchema.nullable(),
    catalogues: z.array(z.strictObject({ file: relationFileSchema, oid: z.int() })),
    budgetMs: z.int().positive(),
  }),
  z.strictObject({ what: z.literal('ends'), ...common, at: z.string().nullable() }),
  z.strictObject({ what: z.literal('replayed'), ...common }),
]);

export type WalRequestMessage = z.infer<typeof walRequestSchema>;
export type IndexRequest = Extract<WalRequestMessage, { what: 'index' }>;
export type EndsRequest = Extract<WalRequestMessage, { what: 'ends' }>;
export type ReplayedRequest = Extract<WalRequestMessage, { what: 'replayed' }>;

/** What it answers on standard output. `moved`: a file was not where it was said to be; list again. */
export const walAnswerSchema = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('index'), result: walIndex.result }),
  z.strictObject({ is: z.literal('ends'), result: walEnds.result }),
  z.strictObject({
    is: z.literal('replayed'),
    created: z.array(z.strictObject({ lsn: z.string(), oid: z.int(), path: z.string() })),
    parameters: z.array(z.strictObject({ lsn: z.string(), settings: z.record(z.string(), z.string()) })),
  }),
  z.strictObject({ is: z.literal('moved'), segment: z.string() }),
  z.strictObject({ is: z.literal('failed'), type: z.enum(['wal-missing', 'postgres-failed']), detail: z.string() }),
]);

export type WalAnswer = z.infer<typeof walAnswerSchema>;
