import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

// The commit index: the one part of the database that may be lost, because it is read again.

/** What is known of a server's WAL and backups as a whole; the columns of JSON have schemas in wal-index/. */
export const walServers = sqliteTable('wal_servers', {
  server: text().primaryKey(),
  /** WalState as JSON. */
  state: text().notNull(),
  /** Backups as the agent last listed them, as JSON, and the mark that tells whether the catalogue has changed since. */
  backups: text().notNull().default('[]'),
  backupsMark: text(),
  backupsAt: integer(),
  /** The agent's clock at the last complete look. */
  observedAt: integer(),
  /** Why the last look failed, as Problem; null when it did not. */
  problem: text(),
  problemAt: integer(),
});

/** One WAL segment of one timeline, reduced (walSegmentSchema); positions are bytes, times microseconds. */
export const walSegments = sqliteTable(
  'wal_segments',
  {
    server: text().notNull(),
    timeline: integer().notNull(),
    number: integer().notNull(),
    /** `live`: only in pg_wal of the server, not yet in Barman. */
    held: text({ enum: ['complete', 'partial', 'live'] }).notNull(),
    commits: integer().notNull(),
    aborts: integer().notNull(),
    latestEnd: integer(),
    earliest: integer(),
    latest: integer(),
    xidMin: integer(),
    xidMax: integer(),
    firstCommit: text(),
    lastCommit: text(),
    commitsByTime: text().notNull(),
    /** Transactions that were too small to be kept, and the rows of the largest of them. */
    omittedTransactions: integer().notNull().default(0),
    omittedRowsMax: integer().notNull().default(0),
    /** Identity of the file that was read, as JSON. */
    file: text().notNull(),
    /** Where the next segment goes on from; kept for some only. */
    carry: text(),
  },
  (table) => [
    primaryKey({ columns: [table.server, table.timeline, table.number, table.held] }),
    // Searches and sums over 100,000 segments read this instead of the rows.
    index('wal_segments_by_time').on(table.server, table.timeline, table.number, table.latestEnd, table.commits),
    index('wal_segments_by_xid').on(table.server, table.xidMin, table.xidMax),
    index('wal_segments_omitted').on(
      table.server,
      table.latest,
      table.earliest,
      table.omittedTransactions,
      table.omittedRowsMax,
    ),
    index('wal_segments_by_held').on(table.server, table.held, table.commits),
  ],
);

/** Restore points, tablespaces, parameters and prepared transactions in WAL: walPointSchema as JSON. */
export const walPoints = sqliteTable(
  'wal_points',
  {
    server: text().notNull(),
    timeline: integer().notNull(),
    position: integer().notNull(),
    number: integer().notNull(),
    held: text({ enum: ['complete', 'partial', 'live'] }).notNull(),
    kind: text().notNull(),
    data: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.server, table.timeline, table.position, table.kind] }),
    index('wal_points_by_segment').on(table.server, table.timeline, table.number),
    index('wal_points_by_held').on(table.server, table.held),
  ],
);

/** Transactions that destroyed or rewrote something: what they did is walWorkSchema as JSON. */
export const walTransactions = sqliteTable(
  'wal_transactions',
  {
    server: text().notNull(),
    timeline: integer().notNull(),
    position: integer().notNull(),
    number: integer().notNull(),
    held: text({ enum: ['complete', 'partial', 'live'] }).notNull(),
    xid: integer().notNull(),
    time: integer().notNull(),
    rows: integer().notNull(),
    work: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.server, table.timeline, table.position] }),
    index('wal_transactions_by_time').on(table.server, table.time),
    index('wal_transactions_by_segment').on(table.server, table.timeline, table.number),
    index('wal_transactions_by_held').on(table.server, table.held),
  ],
);

/** Names of relations, remembered when they are gone: one row for each file that a relation has had. */
export const relationNames = sqliteTable(
  'relation_names',
  {
    server: text().notNull(),
    database: integer().notNull(),
    oid: integer().notNull(),
    /** Empty for relations without storage. */
    file: text().notNull(),
    schema: text().notNull(),
    name: text().notNull(),
    kind: text().notNull(),
    owner: integer(),
    rows: integer(),
    lastSeenAt: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.server, table.database, table.oid, table.file] }),
    index('relation_names_by_file').on(table.server, table.file),
  ],
);

export const databaseNames = sqliteTable(
  'database_names',
  {
    server: text().notNull(),
    oid: integer().notNull(),
    name: text().notNull(),
    lastSeenAt: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.server, table.oid] })],
);
