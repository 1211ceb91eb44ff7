import { walFaultSchema } from '@barback/shared/operations/wal-index.ts';
import { walFacts } from '@barback/shared/operations/wal-facts.ts';
import { z } from 'zod';
import { segmentsIn } from './ranges.ts';

const rangeSchema = z.strictObject({ timeline: z.int(), first: z.int(), last: z.int() });

const { histories, unreadableHistories, oddFiles, live } = walFacts.result.shape;

/** A segment that is there and cannot be read, or not to its end. */
export const walHoleSchema = z.strictObject({
  timeline: z.int(),
  number: z.int(),
  cause: walFaultSchema.shape.cause,
  detail: z.string(),
  /** Begin of the last record that could be read in it; null when there was none. */
  readableTo: z.int().nullable(),
  /** Microseconds since 1970. */
  foundAt: z.int(),
});

export type WalHole = z.infer<typeof walHoleSchema>;

/** What is known of a server's WAL as a whole. Numbers count segments, positions bytes. */
export const walStateSchema = z.strictObject({
  segmentBytes: z.int(),
  /** Of the cluster that wrote the WAL, from the WAL itself; null until some was read. */
  systemIdentifier: z.string().nullable(),
  histories,
  unreadableHistories,
  /** What Barman holds, by timeline: complete files, and those that WAL may end in. */
  complete: z.array(rangeSchema),
  partial: z.array(rangeSchema),
  oddFiles,
  /** Complete segments that are in the index. */
  read: z.array(rangeSchema),
  holes: z.array(walHoleSchema),
  /** Begin of the last record that Barman holds, by timeline. */
  ends: z.array(
    z.strictObject({
      timeline: z.int(),
      number: z.int(),
      position: z.int(),
      /** Where the next record will begin; null when that is not known. */
      next: z.int().nullable(),
    }),
  ),
  live: live,
  /** Live was last seen on this timeline; null when it never was. */
  liveTimeline: z.int().nullable(),
  /** The partial files as they were read, at `readAt` of the agent's clock. */
  partialRead: z.array(
    z.strictObject({ timeline: z.int(), number: z.int(), modifiedAt: z.int(), inode: z.string(), readAt: z.int() }),
  ),
  /** Every archived file was compared with what was read, up to this instant of the agent's clock. */
  sweptTo: z.int().nullable(),
  /** Where live's WAL was when names of relations were last read; null when they never were. */
  namesAt: z.int().nullable(),
  /** Whether the schema may have changed since then. */
  namesStale: z.boolean(),
  catalogues: z.array(z.strictObject({ file: z.string(), oid: z.int() })),
});

export type WalState = z.infer<typeof walStateSchema>;

export const nothingKnown: WalState = {
  segmentBytes: 0,
  systemIdentifier: null,
  histories: [],
  unreadableHistories: [],
  complete: [],
  partial: [],
  oddFiles: [],
  read: [],
  holes: [],
  ends: [],
  live: null,
  liveTimeline: null,
  partialRead: [],
  sweptTo: null,
  namesAt: null,
  namesStale: true,
  catalogues: [],
};

/** Complete segments that Barman holds and that were not read yet: what is in them is not known. */
export function unreadSegments({ complete, read, holes }: Pick<WalState, 'complete' | 'read' | 'holes'>): number {
  return Math.max(0, segmentsIn(complete) - segmentsIn(read) - holes.length);
}

/** How far an answer from the index can be trusted to be all. */
export const indexStateSchema = z
  .strictObject({
    /** Whether a look at the host in the last seconds came to its end; what was written after `observedAt` is not known even then. */
    fresh: z.boolean(),
    /** Segments that Barman holds and that were not read yet: their transactions are missing. */
    unread: z.int(),
  })
  .meta({ id: 'IndexState' });

export type IndexState = z.infer<typeof indexStateSchema>;
