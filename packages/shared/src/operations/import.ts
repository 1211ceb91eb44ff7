import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs, minuteMs } from './contract.ts';

/** A source in the agent's configuration. */
export const importNameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'expected a name of a-z, 0-9 and -');

/** A database as PostgreSQL names it; NUL cannot be in one. */
export const databaseNameSchema = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 63 && !name.includes('\0'), 'expected the name of a database');

const ofImport = { server: serverNameSchema, import: importNameSchema };
const rows = z.int().nonnegative();

const sourceSchema = z.strictObject({
  host: z.string(),
  port: z.int(),
  database: z.string(),
  role: z.string(),
  version: z.string(),
  versionNum: z.int(),
  sizeBytes: z.int(),
  encoding: z.string(),
  tables: z.int(),
  /** Tables, sequences and large objects that the role may not read, or not all of them (row security): a dump ends there. */
  unreadable: z.array(z.string()),
  extensions: z.array(z.strictObject({ name: z.string(), version: z.string(), schema: z.string() })),
  /** Roles that have privileges on something, owners among them; PUBLIC is not one. */
  grantees: z.array(z.string()),
  eventTriggers: z.array(z.string()),
  /** Whether something between here and the server hands its sessions on to others. */
  pooled: z.boolean(),
  /** Of a plain SQL dump in a file: its hash, and why it must not be loaded. Then `host` is the file, and there is no port. Null: a server. */
  plain: z.strictObject({ sha256: z.string(), faults: z.array(z.string()) }).nullable(),
});

const intoSchema = z.strictObject({
  database: z.string(),
  /** `pg_database.oid` of the one that is to be replaced; null: there is none of that name. */
  oid: z.int().nullable(),
  sizeBytes: z.int().nullable(),
  encoding: z.string().nullable(),
  extensions: z.array(z.string()),
  role: z.string(),
  /** Why what comes from elsewhere must not be loaded as the role, or cannot be; empty: it may. */
  objections: z.array(z.string()),
  /** Names of roles of this cluster. */
  roles: z.array(z.string()),
  /** What could be installed here, and whether the owner of a database may (PostgreSQL 13+). */
  available: z.array(z.strictObject({ name: z.string(), trusted: z.boolean() })),
  subscriptions: z.array(z.string()),
});

/** Looks at the source of an import and at what it is to replace. */
export const importLook = defineContract({
  class: 'R',
  limitMs: 3 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject(ofImport),
  result: z.strictObject({
    source: sourceSchema,
    into: intoSchema,
    /** Last day on which the source is what it is said to be: YYYY-MM-DD, to its end in UTC; null: it is not said. */
    validUntil: z.string().nullable(),
    /** Of the programs that dump and load: those of this cluster. */
    toolsMajor: z.int(),
  }),
});

const onto = { ...ofImport, database: databaseNameSchema, oid: z.int() };

/** Makes the fresh database that nobody but its owner enters, with what only a superuser can make in it, and enters it as the role. */
export const importPrepare = defineContract({
  class: 'A',
  limitMs: 30 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ ...onto, extensions: z.array(z.string().max(63)).max(200) }),
  result: z.strictObject({ database: z.string(), oid: z.int() }),
});

/** Dumps the source into a directory of this plan, and counts its rows in the same snapshot; a plain dump is read and its rows counted. */
export const importDump = defineContract({
  class: 'A',
  limitMs: 48 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    ...ofImport,
    /** Of the plain dump that the plan is about. */
    sha256: z.string().optional(),
  }),
  result: z.strictObject({
    /** By the source's clock, RFC 3339 UTC: nothing that was committed behind it is in the dump. Null: a plain dump does not say it. */
    snapshotAt: z.string().nullable(),
    tables: z.int(),
    rows,
    sequences: z.int(),
    bytes: z.int(),
    seconds: z.number(),
  }),
});

const importedTableSchema = z.strictObject({
  table: z.string(),
  imported: rows,
  /** In the database that is to be replaced, now; null: it has no such table, or it could not be counted. */
  live: rows.nullable(),
});

/** Loads the dump into the fresh database as a role without rights, and compares every table with what the snapshot held. */
export const importLoad = defineContract({
  class: 'A',
  limitMs: 48 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    ...onto,
    extensions: z.array(z.string().max(63)).max(200),
    privileges: z.boolean(),
    sha256: z.string().optional(),
  }),
  result: z.strictObject({
    database: z.string(),
    oid: z.int(),
    tables: z.int(),
    rows,
    sequences: z.int(),
    sizeBytes: z.int(),
    /** Those that differ from live first, then the largest; at most 200. */
    compared: z.array(importedTableSchema),
    /** Tables of live that the source does not have, with rows. */
    onlyLive: z.array(z.strictObject({ table: z.string(), rows: rows.nullable() })),
    /** Entries of the dump that were not loaded: they belong to a superuser. */
    leftOut: z.array(z.string()),
    seconds: z.number(),
  }),
});

/** Deletes the dump, and the fresh database unless it has been given the live name. */
export const importDiscard = defineContract({
  class: 'D',
  limitMs: hourMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema, fresh: z.boolean() }),
  result: z.strictObject({ dump: z.boolean(), database: z.string().nullable() }),
});
