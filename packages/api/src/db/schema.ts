import { sql } from 'drizzle-orm';
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

// Instants are integer microseconds since 1970; identifiers are ULIDs; JSON is stored as the text that was made once.

export const meta = sqliteTable('meta', { key: text().primaryKey(), value: text().notNull() });

export const servers = sqliteTable('servers', {
  name: text().primaryKey(),
  agentUrl: text().notNull(),
  agentId: text().notNull(),
  agentKey: text().notNull(),
  certificate: text().notNull(),
  /** Objectives, bounds and approval policy: ServerSettings as JSON. */
  settings: text().notNull(),
  createdAt: integer().notNull(),
});

export const apiKeys = sqliteTable('api_keys', {
  id: text().primaryKey(),
  name: text().notNull(),
  role: text({ enum: ['viewer', 'operator', 'approver', 'admin'] }).notNull(),
  /** JSON array of server names; null: every server. */
  servers: text(),
  secretHash: text().notNull().unique(),
  createdAt: integer().notNull(),
  revokedAt: integer(),
});

/** Bytes by content: plans, request tokens, receipts. Events name them by hash. */
export const documents = sqliteTable('documents', {
  sha256: text().primaryKey(),
  kind: text({ enum: ['plan', 'request', 'receipt', 'report'] }).notNull(),
  bytes: blob({ mode: 'buffer' }).notNull(),
});

export const plans = sqliteTable(
  'plans',
  {
    id: text().primaryKey(),
    hash: text().notNull().unique(),
    server: text().notNull(),
    scenario: text().notNull(),
    createdAt: integer().notNull(),
    expiresAt: integer().notNull(),
    createdBy: text().notNull(),
    /** Names the request with an Idempotency-Key that asked for it, so that one that comes again finds what it has begun. */
    requestHash: text(),
  },
  (table) => [index('plans_by_request').on(table.requestHash)],
);

export const approvals = sqliteTable(
  'approvals',
  { plan: text().notNull(), key: text().notNull(), at: integer().notNull() },
  (table) => [primaryKey({ columns: [table.plan, table.key] })],
);

export const runs = sqliteTable(
  'runs',
  {
    id: text().primaryKey(),
    plan: text().notNull().unique(),
    server: text().notNull(),
    scenario: text().notNull(),
    state: text({
      enum: ['queued', 'running', 'waiting', 'needs_operator', 'succeeded', 'failed', 'cancelled'],
    }).notNull(),
    startedBy: text().notNull(),
    createdAt: integer().notNull(),
    startedAt: integer(),
    finishedAt: integer(),
    cancelRequestedAt: integer(),
    /** How often a person resumed it. */
    era: integer().notNull().default(0),
    fence: integer(),
    liveDatabase: text().notNull().default('unknown'),
    liveDatabaseAt: integer(),
    undoneBy: text(),
    /** Why it cannot go on right now, as Problem with `facts.since`: shown, never decided on. */
    trouble: text(),
    problem: text(),
    result: text(),
  },
  (table) => [
    // One that is queued waits for it, or for what it has stopped.
    uniqueIndex('one_active_run_per_server')
      .on(table.server)
      .where(sql`state in ('running', 'waiting', 'needs_operator')`),
  ],
);

export const attempts = sqliteTable(
  'attempts',
  {
    opid: text().primaryKey(),
    run: text().notNull(),
    step: integer().notNull(),
    direction: text({ enum: ['forward', 'inverse'] }).notNull(),
    number: integer().notNull(),
    era: integer().notNull(),
    intendedAt: integer().notNull(),
    endedAt: integer(),
    /** AttemptOutcome as JSON; null while it may be under way. */
    outcome: text(),
    /** Latest Progress as JSON: shown, never decided on. */
    progress: text(),
    /** SHA-256 of the request token and of the receipt that settled it: their bytes are documents. */
    request: text(),
    receipt: text(),
  },
  (table) => [
    uniqueIndex('one_attempt_per_number').on(table.run, table.step, table.direction, table.number),
    index('attempts_by_run').on(table.run),
  ],
);

export const gates = sqliteTable(
  'gates',
  {
    run: text().notNull(),
    name: text().notNull(),
    openedAt: integer().notNull(),
    deadline: integer().notNull(),
    decidedAt: integer(),
    decision: text(),
    note: text(),
    decidedBy: text(),
  },
  (table) => [primaryKey({ columns: [table.run, table.name] })],
);

/** The audit log: `bytes` is the truth, the columns beside it serve queries. Triggers refuse change and deletion. */
export const events = sqliteTable(
  'events',
  {
    seq: integer().primaryKey(),
    bytes: text().notNull(),
    leaf: text().notNull(),
    at: integer().notNull(),
    type: text().notNull(),
    server: text(),
    run: text(),
  },
  (table) => [index('events_by_run').on(table.run), index('events_by_server').on(table.server)],
);

export const idempotency = sqliteTable(
  'idempotency',
  {
    key: text().notNull(),
    principal: text().notNull(),
    requestHash: text().notNull(),
    status: integer().notNull(),
    body: text().notNull(),
    location: text(),
    createdAt: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.principal, table.key] })],
);

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
