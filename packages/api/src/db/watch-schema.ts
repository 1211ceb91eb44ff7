import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** What is done when: ScheduleDefinition as JSON; `dueAt` is the next occurrence, `startsAt` the same with its jitter. */
export const schedules = sqliteTable(
  'schedules',
  {
    id: text().primaryKey(),
    server: text().notNull(),
    name: text().notNull(),
    definition: text().notNull(),
    createdBy: text().notNull(),
    createdAt: integer().notNull(),
    removedAt: integer(),
    /** Null: there is none, or it is paused. */
    dueAt: integer(),
    startsAt: integer(),
  },
  (table) => [
    uniqueIndex('one_schedule_per_name').on(table.server, table.name).where(sql`removed_at is null`),
    index('schedules_by_start').on(table.startsAt),
  ],
);

/** An occurrence of a schedule that has come, or several that came while it could not begin. */
export const firings = sqliteTable(
  'firings',
  {
    id: text().primaryKey(),
    schedule: text().notNull(),
    server: text().notNull(),
    dueAt: integer().notNull(),
    /** Earlier and later occurrences that it stands for as well. */
    merged: integer().notNull().default(0),
    state: text({ enum: ['waiting', 'started', 'ended', 'refused'] }).notNull(),
    /** How often its run was stopped for a restore of live and it had to begin again. */
    preempted: integer().notNull().default(0),
    /** When it is tried again after what `problem` says, as Problem. */
    retryAt: integer(),
    problem: text(),
    run: text(),
    endedAt: integer(),
  },
  (table) => [
    index('firings_by_schedule').on(table.schedule, table.id),
    // At most one waits.
    uniqueIndex('one_waiting_firing').on(table.schedule).where(sql`state = 'waiting'`),
    index('firings_by_state').on(table.state),
  ],
);

/** What is wrong with a server now and since when; the events tell what it said. */
export const serverFindings = sqliteTable(
  'server_findings',
  {
    server: text().notNull(),
    code: text().notNull(),
    severity: text({ enum: ['critical', 'warning'] }).notNull(),
    since: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.server, table.code] })],
);

/** What is to be told where: the message as JSON, sent as exactly these bytes each time. */
export const deliveries = sqliteTable(
  'deliveries',
  {
    /** `webhook-id`: the same for every try. */
    id: text().primaryKey(),
    channel: text().notNull(),
    /** The event that it is about; null for a test. */
    event: integer(),
    type: text().notNull(),
    server: text(),
    body: text().notNull(),
    state: text({ enum: ['pending', 'delivered', 'failed', 'dropped'] }).notNull(),
    tries: integer().notNull().default(0),
    nextAt: integer().notNull(),
    createdAt: integer().notNull(),
    deliveredAt: integer(),
    /** What the last try met. */
    error: text(),
  },
  (table) => [
    uniqueIndex('one_delivery_per_event').on(table.channel, table.event),
    index('deliveries_pending').on(table.state, table.nextAt),
  ],
);

/** A channel that said 410: nothing more is sent there until it is enabled, or configured anew. */
export const disabledChannels = sqliteTable('disabled_channels', {
  channel: text().primaryKey(),
  /** Of the configuration that it was disabled with. */
  fingerprint: text().notNull(),
  disabledAt: integer().notNull(),
  reason: text().notNull(),
});
