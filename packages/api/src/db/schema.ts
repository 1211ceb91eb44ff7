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
  kind: text({ enum: ['database', 'provisioner'] })
    .notNull()
    .default('database'),
  /** Objectives, bounds and approval policy: ServerSettings as JSON. */
  settings: text().notNull(),
  createdAt: integer().notNull(),
});

export const apiKeys = sqliteTable('api_keys', {
  id: text().primaryKey(),
  name: text().notNull(),
  role: text({ enum: ['viewer', 'operator', 'approver', 'admin', 'enroller'] }).notNull(),
  /** JSON array of server names; null: every server. */
  servers: text(),
  secretHash: text().notNull().unique(),
  createdAt: integer().notNull(),
  revokedAt: integer(),
  /** Null: until it is revoked. */
  expiresAt: integer(),
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
    /** The restore of live that it was stopped for. */
    preemptedBy: text(),
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
