import { z } from 'zod';
import { lsnPattern } from '../postgres/lsn.ts';
import { relationFileSchema } from '../postgres/relation-file.ts';
import { segmentNamePattern } from '../postgres/segment.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Segments that one request may read at most. */
export const indexBatchSegments = 64;

const lsn = z.string().regex(lsnPattern);
const count = z.int().nonnegative();
const segment = z.string().regex(segmentNamePattern);
const objectSchema = z.strictObject({ database: z.int(), oid: z.int() });

/** A COMMIT or ABORT; `time` in microseconds since 1970. */
export const walEndSchema = z.strictObject({ xid: z.int(), lsn, time: z.int() });

export type WalEnd = z.infer<typeof walEndSchema>;

/** What a transaction did, as far as it destroys or rewrites: ordinary inserts are not kept. Lists are cut at a length. */
export const walWorkSchema = z.strictObject({
  /** Rows of user relations, by file. */
  rows: z.array(z.strictObject({ file: relationFileSchema, deleted: count, updated: count })),
  /** Rows of further files, when there are too many to list. */
  otherRows: z.strictObject({ deleted: count, updated: count }),
  /** Rows changed or removed in catalogues that describe the schema and the roles, by the catalogue's OID. */
  catalogues: z.array(z.strictObject({ oid: z.int(), changed: count })),
  /** Files that appear with this transaction: new relations, and new contents of truncated and rewritten ones. */
  created: z.array(relationFileSchema),
  /** Files that it removes. */
  removed: z.array(relationFileSchema),
  /** Relations that it drops, by OID (PostgreSQL 15+ names them in the commit). */
  dropped: z.array(objectSchema),
  /** Relations that it locked against every other access: what it altered. */
  locked: z.array(objectSchema),
  databases: z.array(z.strictObject({ oid: z.int(), what: z.enum(['created', 'dropped']) })),
  /** True when a list was cut or the transaction began before what was read: the numbers are lower bounds. */
  atLeast: z.boolean(),
});

export type WalWork = z.infer<typeof walWorkSchema>;

/** A committed transaction that destroyed or rewrote something. */
export const walTransactionSchema = walEndSchema.extend({ work: walWorkSchema });

export type WalTransactionSummary = z.infer<typeof walTransactionSchema>;

/** Something at a position in the WAL that is not a transaction. */
export const walPointSchema = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('restore-point'), lsn, name: z.string() }),
  z.strictObject({ is: z.literal('tablespace-created'), lsn, oid: z.int(), path: z.string() }),
  z.strictObject({ is: z.literal('tablespace-dropped'), lsn, oid: z.int() }),
  z.strictObject({ is: z.literal('parameters'), lsn, settings: z.record(z.string(), z.string()) }),
  /** A promotion. */
  z.strictObject({ is: z.literal('end-of-recovery'), lsn, timeline: z.int(), from: z.int(), time: z.int() }),
  z.strictObject({ is: z.literal('prepared'), lsn, xid: z.int(), time: z.int() }),
  z.strictObject({ is: z.literal('prepared-ended'), lsn, xid: z.int() }),
]);

export type WalPoint = z.infer<typeof walPointSchema>;

/** Seconds of one step of `commitsByTime`. */
export const histogramSeconds = 10;

/** One WAL segment, reduced. A record counts where it begins. */
export const walSegmentSchema = z.strictObject({
  segment,
  commits: count,
  aborts: count,
  firstCommit: walEndSchema.nullable(),
  lastCommit: walEndSchema.nullable(),
  /** Of commits: their times do not follow the order of WAL exactly. */
  earliest: z.int().nullable(),
  latest: z.int().nullable(),
  /** Latest time of commits and aborts: recovery to a time stops at either. */
  latestEnd: z.int().nullable(),
  xidMin: z.int().nullable(),
  xidMax: z.int().nullable(),
  /** `[start, commits]` in steps of `histogramSeconds`; starts in seconds since 1970. */
  commitsByTime: z.array(z.tuple([z.int(), z.int()])),
  points: z.array(walPointSchema),
  transactions: z.array(walTransactionSchema),
  /** Transactions that changed rows but did not fit: none of them changed more rows than this. */
  omitted: z.strictObject({ transactions: count, rowsMax: count }),
  /** Transactions that changed the schema: relation names may have changed. */
  schemaChanges: count,
  /** The file that was read: a later one with another identity must be read again. */
  file: z.strictObject({ bytes: z.int(), modifiedAt: z.int(), inode: z.string() }),
});

export type WalSegmentSummary = z.infer<typeof walSegmentSchema>;

/** Unfinished work at a position: what the next segments go on from. */
export const walCarrySchema = z.strictObject({
  /** Begin of the last record that was read. */
  lsn,
  open: z.array(z.strictObject({ xid: z.int(), prepared: z.boolean(), work: walWorkSchema })),
  /** Transactions up to this xid may have begun before what was read; null when everything was read from its begin. */
  unseenUpTo: z.int().nullable(),
});

export type WalCarry = z.infer<typeof walCarrySchema>;

/** Why a file cannot be read (further), in words that name it. */
export const walFaultSchema = z.strictObject({
  segment,
  cause: z.enum(['missing', 'truncated', 'undecompressable', 'damaged', 'foreign']),
  detail: z.string(),
});

export type WalFault = z.infer<typeof walFaultSchema>;

/** Reads WAL segments along a timeline and reduces each: who committed when, and which transactions destroyed something. */
export const walIndex = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    /** The timeline whose path is followed; its history tells from which timeline each file is. */
    timeline: z.int().positive(),
    /** First segment to reduce; the numbers count along the path. */
    first: segment,
    /** At most `indexBatchSegments` from the first. */
    last: segment,
    /** From the segments before `first`; null starts at the beginning of `first`, with nothing known. */
    carry: walCarrySchema.nullable(),
    /** `archive`: complete files that Barman keeps. `barman`: also incoming, streaming and `.partial`. `live`: pg_wal. */
    from: z.enum(['archive', 'barman', 'live']),
    /** Files of catalogues that are not named by their OID any more. */
    catalogues: z.array(z.strictObject({ file: relationFileSchema, oid: z.int() })).max(10_000),
  }),
  result: z.strictObject({
    /** In order; up to the fault, the end of WAL or the time limit. The last one may be unfinished. */
    segments: z.array(walSegmentSchema),
    /** Null when nothing could be read. */
    carry: walCarrySchema.nullable(),
    /**
     * `complete`: everything asked for. `open`: WAL ends here for now. `fault`: a file cannot be read further.
     * `time`: ask again from the carry.
     */
    end: z.enum(['complete', 'open', 'fault', 'time']),
    fault: walFaultSchema.nullable(),
    /** Where WAL ends for now: the next record will begin here. Null unless `open`, and when pg_waldump does not say. */
    openAt: lsn.nullable(),
    /** Of the cluster that wrote this WAL, from the files themselves; null when nothing was read. */
    systemIdentifier: z.string().nullable(),
  }),
});
