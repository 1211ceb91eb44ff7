import { partsOfFile, type RelationFile } from '@barback/shared/postgres/relation-file.ts';
import type { WalWork } from '@barback/shared/operations/wal-index.ts';
import type { KnownRelation, RelationMemory } from './relation-memory.ts';

export const incidentKinds = [
  'drop',
  'drop-database',
  'truncate',
  'rewrite',
  'delete',
  'update',
  'ddl',
  'roles',
] as const;

export type IncidentKind = (typeof incidentKinds)[number];

/** What was done to one relation. */
export interface Affected {
  readonly what: 'dropped' | 'truncated' | 'rewritten' | 'rows changed' | 'altered';
  /** Null when its name was never learned: it came and went between two looks, or before the first. */
  readonly relation: KnownRelation | null;
  readonly database: number;
  /** The file or OID that WAL names, where there is no name. */
  readonly unnamed: string | null;
  readonly deleted: number;
  readonly updated: number;
}

export interface Classified {
  readonly kinds: readonly IncidentKind[];
  readonly affected: readonly Affected[];
  readonly droppedDatabases: readonly number[];
}

/** pg_authid and pg_auth_members. */
const roleCatalogues: ReadonlySet<number> = new Set([1260, 1261]);

/** Tables, materialized and partitioned ones: what holds or stands for rows. */
const tableKinds: ReadonlySet<string> = new Set(['r', 'm', 'p']);

/**
 * What a transaction did, in words. PostgreSQL's WAL tells files and OIDs; which of them are tables, and what happened to a file
 * that was replaced, follows from what is remembered of the catalogue. Pure.
 */
export function classify(work: WalWork, memory: RelationMemory): Classified {
  const affected = [...dropped(work, memory), ...replaced(work, memory), ...changedRows(work, memory)];
  const droppedDatabases = work.databases.filter((one) => one.what === 'dropped').map((one) => one.oid);
  const altered = affected.some((one) => one.what !== 'rows changed') ? [] : alteredBy(work, memory);
  const all = [...affected, ...altered];
  return { kinds: kindsOf(work, all, droppedDatabases.length > 0), affected: all, droppedDatabases };
}

/** Only tables: an index or a TOAST relation goes with its table. */
function dropped(work: WalWork, memory: RelationMemory): Affected[] {
  const named = work.dropped.flatMap(({ database, oid }): Affected[] => {
    const relation = memory.byOid(database, oid);
    if (!relation || !tableKinds.has(relation.kind)) return [];
    return [{ what: 'dropped', relation, database, unnamed: null, deleted: 0, updated: 0 }];
  });
  if (named.length > 0) return named;
  // Dropped with files, and never seen: a table whose name nobody learned. Temporary ones have no files in WAL.
  const lost = work.removed.filter((file) => memory.byFile(file) === undefined);
  const gone = work.dropped.filter(
    (object) => !isTransient(object, work) && memory.byOid(object.database, object.oid) === undefined,
  );
  const [first] = gone;
  if (lost.length === 0 || !first) return [];
  return [
    { what: 'dropped', relation: null, database: first.database, unnamed: `OID ${first.oid}`, deleted: 0, updated: 0 },
  ];
}

/** A rewrite fills a new relation, exchanges the files, and drops the new one again: its OID is that of a file it made. */
function isTransient(object: { database: number; oid: number }, work: WalWork): boolean {
  return work.created.some((file) => {
    const parts = partsOfFile(file);
    return parts.database === object.database && parts.number === object.oid;
  });
}

/** Relations that go on with another file: emptied, or written anew. */
function replaced(work: WalWork, memory: RelationMemory): Affected[] {
  const droppedOids = new Set(work.dropped.map((one) => `${one.database}/${one.oid}`));
  const found = new Map<string, Affected>();
  for (const file of work.removed) {
    const relation = memory.byFile(file);
    if (!relation || !tableKinds.has(relation.kind)) continue;
    const key = `${relation.database}/${relation.oid}`;
    if (droppedOids.has(key)) continue;
    const what = isRewritten(relation, work, memory) ? 'rewritten' : 'truncated';
    found.set(key, { what, relation, database: relation.database, unnamed: null, deleted: 0, updated: 0 });
  }
  return [...found.values(), ...(found.size > 0 ? [] : replacedUnnamed(work, memory))];
}

function isRewritten(relation: KnownRelation, work: WalWork, memory: RelationMemory): boolean {
  const transient = new Set(work.created.filter((file) => isTransientFile(file, work)));
  const now = memory.filesOf(relation).find((file) => work.created.includes(file));
  return now === undefined ? transient.size > 0 : transient.has(now);
}

function isTransientFile(file: RelationFile, work: WalWork): boolean {
  const { database, number } = partsOfFile(file);
  return work.dropped.some((one) => one.database === database && one.oid === number);
}

function replacedUnnamed(work: WalWork, memory: RelationMemory): Affected[] {
  const unknown = work.removed.filter((file) => memory.byFile(file) === undefined);
  const [file] = unknown;
  const onlyTransient = work.dropped.every((object) => isTransient(object, work));
  if (file === undefined || !onlyTransient || work.created.length === 0) return [];
  const what = work.dropped.length > 0 ? 'rewritten' : 'truncated';
  return [
    { what, relation: null, database: partsOfFile(file).database, unnamed: `file ${file}`, deleted: 0, updated: 0 },
  ];
}

function changedRows(work: WalWork, memory: RelationMemory): Affected[] {
  return work.rows.flatMap(({ file, deleted, updated }): Affected[] => {
    const relation = memory.byFile(file);
    // Rows of a TOAST relation are parts of values of its table's rows.
    if (relation?.kind === 't') return [];
    const unnamed = relation ? null : `file ${file}`;
    const { database } = partsOfFile(file);
    return [{ what: 'rows changed', relation: relation ?? null, database, unnamed, deleted, updated }];
  });
}

/** Schema changes lock what they alter against everybody else. */
function alteredBy(work: WalWork, memory: RelationMemory): Affected[] {
  if (work.catalogues.every((one) => roleCatalogues.has(one.oid))) return [];
  return work.locked.flatMap(({ database, oid }): Affected[] => {
    const relation = memory.byOid(database, oid);
    if (!relation || !tableKinds.has(relation.kind)) return [];
    return [{ what: 'altered', relation, database, unnamed: null, deleted: 0, updated: 0 }];
  });
}

function kindsOf(work: WalWork, affected: readonly Affected[], dropsDatabase: boolean): IncidentKind[] {
  const does = (what: Affected['what']): boolean => affected.some((one) => one.what === what);
  const structural = does('dropped') || does('truncated') || does('rewritten') || dropsDatabase;
  const has: Record<IncidentKind, boolean> = {
    drop: does('dropped'),
    'drop-database': dropsDatabase,
    truncate: does('truncated'),
    rewrite: does('rewritten'),
    delete: affected.some((one) => one.deleted > 0) || work.otherRows.deleted > 0,
    update: affected.some((one) => one.updated > 0) || work.otherRows.updated > 0,
    ddl: !structural && work.catalogues.some((one) => !roleCatalogues.has(one.oid)),
    roles: work.catalogues.some((one) => roleCatalogues.has(one.oid)),
  };
  return incidentKinds.filter((kind) => has[kind]);
}
