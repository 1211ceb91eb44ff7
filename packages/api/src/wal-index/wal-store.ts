import { backupSchema, type Backup } from '@barback/shared/operations/backup.ts';
import { walCarrySchema, type WalCarry } from '@barback/shared/operations/wal-index.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { problemSchema, type Problem } from '@barback/shared/wire/problem.ts';
import { and, eq, isNotNull, ne } from 'drizzle-orm';
import { z } from 'zod';
import type { Reader, Tx } from '../db/database.ts';
import { walSegments, walServers } from '../db/wal-schema.ts';
import { nothingKnown, walStateSchema, type WalState } from './wal-state.ts';

/** What is remembered of a server's WAL and backups. */
export interface KnownWal {
  readonly state: WalState;
  readonly backups: readonly Backup[];
  readonly backupsMark: string | null;
  readonly backupsAt: Micros | null;
  /** When the agent last looked; null: never yet. */
  readonly observedAt: Micros | null;
  /** Why the last look failed. */
  readonly problem: Problem | null;
  readonly problemAt: Micros | null;
}

const unknown: KnownWal = {
  state: nothingKnown,
  backups: [],
  backupsMark: null,
  backupsAt: null,
  observedAt: null,
  problem: null,
  problemAt: null,
};

export function loadWal(reader: Reader, server: string): KnownWal {
  const row = reader.select().from(walServers).where(eq(walServers.server, server)).get();
  if (!row) return unknown;
  return {
    state: walStateSchema.parse(JSON.parse(row.state)),
    backups: z.array(backupSchema).parse(JSON.parse(row.backups)),
    backupsMark: row.backupsMark,
    backupsAt: row.backupsAt,
    observedAt: row.observedAt,
    problem: row.problem === null ? null : problemSchema.parse(JSON.parse(row.problem)),
    problemAt: row.problemAt,
  };
}

export function saveWal(tx: Tx, server: string, known: KnownWal): void {
  const { backupsMark, backupsAt, observedAt, problemAt } = known;
  const values = {
    state: JSON.stringify(known.state),
    backups: JSON.stringify(known.backups),
    backupsMark,
    backupsAt,
    observedAt,
    problem: known.problem && JSON.stringify(known.problem),
    problemAt,
  };
  tx.insert(walServers)
    .values({ server, ...values })
    .onConflictDoUpdate({ target: walServers.server, set: values })
    .run();
}

/** Where reading goes on behind a segment; null when that is not kept. */
export function loadCarry(reader: Reader, server: string, timeline: number, number: number): WalCarry | null {
  const row = reader
    .select({ carry: walSegments.carry })
    .from(walSegments)
    .where(
      and(
        eq(walSegments.server, server),
        eq(walSegments.timeline, timeline),
        eq(walSegments.number, number),
        eq(walSegments.held, 'complete'),
        isNotNull(walSegments.carry),
      ),
    )
    .get();
  return row?.carry == null ? null : walCarrySchema.parse(JSON.parse(row.carry));
}

/** Where reading goes on behind the last that Barman holds of a timeline. */
export function loadLastCarry(reader: Reader, server: string, timeline: number, number: number): WalCarry | null {
  const row = reader
    .select({ carry: walSegments.carry })
    .from(walSegments)
    .where(
      and(
        eq(walSegments.server, server),
        eq(walSegments.timeline, timeline),
        eq(walSegments.number, number),
        ne(walSegments.held, 'live'),
        isNotNull(walSegments.carry),
      ),
    )
    .get();
  return row?.carry == null ? null : walCarrySchema.parse(JSON.parse(row.carry));
}

const fileSchema = z.strictObject({ bytes: z.int(), modifiedAt: z.int(), inode: z.string() });

/** The file that a complete segment was read from; undefined when it is not in the index. */
export function loadFile(
  reader: Reader,
  server: string,
  timeline: number,
  number: number,
): z.infer<typeof fileSchema> | undefined {
  const row = reader
    .select({ file: walSegments.file })
    .from(walSegments)
    .where(
      and(
        eq(walSegments.server, server),
        eq(walSegments.timeline, timeline),
        eq(walSegments.number, number),
        eq(walSegments.held, 'complete'),
      ),
    )
    .get();
  return row && fileSchema.parse(JSON.parse(row.file));
}
