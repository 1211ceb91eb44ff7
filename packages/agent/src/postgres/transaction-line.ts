import { parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { relationFileOf, type RelationFile } from '@barback/shared/postgres/relation-file.ts';

interface DroppedObject {
  readonly database: number;
  readonly oid: number;
}

/** What the description of a COMMIT, ABORT or PREPARE record says. */
export interface TransactionEnd {
  readonly kind: 'commit' | 'abort' | 'prepare';
  /** Of the transaction itself where a prepared one is ended by another; null: the record's own. */
  readonly xid: number | null;
  readonly time: Micros;
  /** Files that are removed when it commits (PREPARE: would be). */
  readonly removed: readonly RelationFile[];
  readonly subxacts: readonly number[];
  /** Relations whose statistics are dropped, so relations that are dropped; PostgreSQL 15+. */
  readonly dropped: readonly DroppedObject[];
  readonly prepared: boolean;
}

const head =
  /^(COMMIT|ABORT|PREPARE)(_PREPARED)? (?:(\d+): )?(?:gid [\s\S]*?: )?(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?) UTC(.*)$/;

/** PgStat_Kind of a relation (PostgreSQL 15–18, pgstat.h). */
const relationStatistics = '2';

const stamp = String.raw`\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,6})? UTC`;

/** Everything that may follow the time (PostgreSQL 15–17, xactdesc.c and standbydesc.c). */
const sections: readonly (readonly [RegExp, (match: RegExpExecArray, into: Parts) => void])[] = [
  [/^(?:rels|rels\(commit\)):((?: \S+)+)$/, (m, into) => into.removed.push(...words(m[1]))],
  [/^rels\(abort\):(?: \S+)+$/, () => undefined],
  [/^subxacts:((?: \d+)+)$/, (m, into) => into.subxacts.push(...words(m[1]).map(Number))],
  [/^(?:commit )?dropped stats:((?: \d+\/\d+\/\d+)+)$/, (m, into) => into.dropped.push(...words(m[1]))],
  [/^abort dropped stats:(?: \d+\/\d+\/\d+)+$/, () => undefined],
  [/^relcache init file inval dbid \d+ tsid \d+$/, () => undefined],
  [
    /^inval msgs:(?: catcache \d+| catalog \d+| relcache \d+| snapshot \d+| smgr| relmap db \d+| relsync \d+)+$/,
    () => undefined,
  ],
  [/^(?:apply_feedback|sync)$/, () => undefined],
  [new RegExp(`^origin: node \\d+, lsn [0-9A-F]+/[0-9A-F]+, at ${stamp}$`), () => undefined],
];

interface Parts {
  readonly removed: string[];
  readonly subxacts: number[];
  readonly dropped: string[];
}

/**
 * Reads the description of a transaction's end; undefined when it is not one in every detail. Strict to its last word,
 * because a prepared transaction's identifier is any text that a user likes, line breaks included.
 */
export function parseTransactionEnd(description: string): TransactionEnd | undefined {
  const match = head.exec(description);
  const time = match && parseInstant(`${match[4]}T${match[5]}Z`);
  if (!match || !time?.ok) return undefined;
  const parts: Parts = { removed: [], subxacts: [], dropped: [] };
  const rest = match[6] ?? '';
  if (rest !== '' && !(rest.startsWith('; ') && readSections(rest.slice(2), parts))) return undefined;
  const kinds = { COMMIT: 'commit', ABORT: 'abort', PREPARE: 'prepare' } as const;
  return {
    kind: kinds[match[1] as keyof typeof kinds],
    xid: match[3] === undefined ? null : Number(match[3]),
    time: time.micros,
    removed: parts.removed.map(relationFileOf).filter((file) => file !== undefined),
    subxacts: parts.subxacts,
    dropped: parts.dropped.flatMap(droppedRelation),
    prepared: match[2] !== undefined,
  };
}

function readSections(text: string, parts: Parts): boolean {
  return text.split('; ').every((section) => {
    for (const [pattern, read] of sections) {
      const match = pattern.exec(section);
      if (!match) continue;
      read(match, parts);
      return true;
    }
    return false;
  });
}

function droppedRelation(item: string): DroppedObject[] {
  const [kind, database, oid] = item.split('/');
  return kind === relationStatistics ? [{ database: Number(database), oid: Number(oid) }] : [];
}

function words(text: string | undefined): string[] {
  return (text ?? '').trim().split(' ');
}
