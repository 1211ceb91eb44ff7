import { walWorkSchema, type WalWork } from '@barback/shared/operations/wal-index.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import type { Target } from '@barback/shared/postgres/target.ts';
import { and, desc, eq, gte, lt, lte, or, sql } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { walSegments, walTransactions } from '../db/wal-schema.ts';
import { loadRelationMemory } from '../wal-index/load-relation-memory.ts';
import { classify, type Affected, type IncidentKind } from './classify.ts';
import type { Incident, IncidentList } from './incident-schema.ts';
import type { RelationMemory } from './relation-memory.ts';

export interface IncidentQuery {
  readonly server: string;
  readonly from: Micros | null;
  readonly to: Micros | null;
  readonly kinds: readonly IncidentKind[];
  /** `table`, `schema.table` or `database.schema.table`. */
  readonly relation: string | null;
  /** Null: the default, which also shows what touched a large share of a small table. */
  readonly minRows: number | null;
  /** `next` of an earlier page. */
  readonly before: { readonly time: Micros; readonly position: number } | null;
  readonly limit: number;
  /** More than one timeline is known, so an xid alone may be ambiguous. */
  readonly hasBranches: boolean;
}

/** Rows below which an ordinary transaction is not suspicious by itself. */
export const minRowsDefault = 10;
/** … unless they are so much of a table, and more than its only row. */
const shareMin = 0.5;
const shareRowsMin = 2;
const pageRows = 500;

/** Suspicious transactions, newest first; `hasMore` tells whether the page was cut. */
export function listIncidents(
  reader: Reader,
  query: IncidentQuery,
): { readonly incidents: readonly Incident[]; readonly hasMore: boolean } {
  const memory = loadRelationMemory(reader, query.server);
  const incidents: Incident[] = [];
  const seen = new Set<string>();
  for (let before = query.before; ; ) {
    const rows = rowsBefore(reader, query, before);
    for (const row of rows) {
      // A timeline's first file repeats its parent's transactions.
      const key = `${row.xid}@${row.position}@${row.time}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const incident = incidentOf(row, memory, query);
      if (!incident) continue;
      if (incidents.length === query.limit) return { incidents, hasMore: true };
      incidents.push(incident);
    }
    const last = rows.at(-1);
    if (rows.length < pageRows || !last) return { incidents, hasMore: false };
    before = { time: last.time, position: last.position };
  }
}

type Row = typeof walTransactions.$inferSelect;

function rowsBefore(reader: Reader, { server, from, to }: IncidentQuery, before: IncidentQuery['before']): Row[] {
  const { time, position } = walTransactions;
  return reader
    .select()
    .from(walTransactions)
    .where(
      and(
        eq(walTransactions.server, server),
        from === null ? undefined : gte(time, from),
        to === null ? undefined : lte(time, to),
        before === null
          ? undefined
          : or(lt(time, before.time), and(eq(time, before.time), lt(position, before.position))),
      ),
    )
    .orderBy(desc(time), desc(position), walTransactions.timeline)
    .limit(pageRows)
    .all();
}

function incidentOf(row: Row, memory: RelationMemory, query: IncidentQuery): Incident | null {
  const work = walWorkSchema.parse(JSON.parse(row.work));
  const { kinds, affected, droppedDatabases } = classify(work, memory);
  const wanted = kinds.filter((kind) => query.kinds.includes(kind));
  const relations = affected.map((one) => affectedView(one, memory));
  if (wanted.length === 0 || !isEnough(wanted, rowsOf(work), relations, query.minRows)) return null;
  if (query.relation !== null && !relations.some((one) => isNamed(one, query.relation ?? ''))) return null;
  const { xid, timeline } = row;
  const target: Target = { type: 'before-transaction', xid, ...(query.hasBranches ? { timeline } : {}) };
  return {
    xid,
    time: formatInstant(row.time),
    lsn: lsnFromNumber(row.position),
    timeline,
    kinds: [...kinds],
    relations,
    droppedDatabases: droppedDatabases.map((oid) => memory.databaseName(oid) ?? `OID ${oid}`),
    rows: rowsOf(work),
    atLeast: work.atLeast,
    heldByBarman: row.held !== 'live',
    target,
  };
}

function rowsOf({ rows, otherRows }: WalWork): Incident['rows'] {
  return rows.reduce((sum, one) => ({ deleted: sum.deleted + one.deleted, updated: sum.updated + one.updated }), {
    ...otherRows,
  });
}

/** Structure always counts; rows when they are many, or by default much of a table. */
function isEnough(
  kinds: readonly IncidentKind[],
  { deleted, updated }: Incident['rows'],
  relations: readonly Incident['relations'][number][],
  minRows: number | null,
): boolean {
  if (kinds.some((kind) => kind !== 'delete' && kind !== 'update')) return true;
  const counted = (kinds.includes('delete') ? deleted : 0) + (kinds.includes('update') ? updated : 0);
  if (counted >= (minRows ?? minRowsDefault)) return true;
  return minRows === null && relations.some(isMuchOfTable);
}

function isMuchOfTable({ share, deleted, updated }: Incident['relations'][number]): boolean {
  return (share ?? 0) >= shareMin && deleted + updated >= shareRowsMin;
}

function affectedView({ what, relation, database, unnamed, deleted, updated }: Affected, memory: RelationMemory) {
  const estimate = relation?.rows ?? null;
  const share = estimate === null || estimate === 0 ? null : Math.min(1, (deleted + updated) / estimate);
  return {
    what,
    database: memory.databaseName(database) ?? null,
    schema: relation?.schema ?? null,
    name: relation?.name ?? null,
    unnamed,
    deleted,
    updated,
    share: what === 'rows changed' && share !== null ? Math.round(share * 1000) / 1000 : null,
  };
}

function isNamed({ database, schema, name }: Incident['relations'][number], wanted: string): boolean {
  return [name, `${schema}.${name}`, `${database}.${schema}.${name}`].includes(wanted);
}

/** What is not in the list because each of them changed few rows. */
export function notKept(reader: Reader, { server, from, to }: IncidentQuery): IncidentList['notKept'] {
  const transactions = sql<number>`coalesce(sum(${walSegments.omittedTransactions}), 0)`;
  const rowsMax = sql<number>`coalesce(max(${walSegments.omittedRowsMax}), 0)`;
  const found = reader
    .select({ transactions, rowsMax })
    .from(walSegments)
    .where(
      and(
        eq(walSegments.server, server),
        from === null ? undefined : gte(walSegments.latest, from),
        to === null ? undefined : lte(walSegments.earliest, to),
      ),
    )
    .get();
  return { transactions: found?.transactions ?? 0, rowsMax: found?.rowsMax ?? 0 };
}
