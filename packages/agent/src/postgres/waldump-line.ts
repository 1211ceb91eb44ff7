import { parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { formatLsn, parseLsn, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { relationFileOf, type RelationFile } from '@barback/shared/postgres/relation-file.ts';
import { parseTransactionEnd, type TransactionEnd } from './transaction-line.ts';

interface At {
  readonly xid: number;
  readonly lsn: Lsn;
}

/** A record that says more than that a row changed. */
export type WaldumpLine = At &
  (
    | { readonly is: 'transaction'; readonly end: TransactionEnd }
    | { readonly is: 'created'; readonly file: RelationFile }
    | { readonly is: 'locked'; readonly locks: readonly { xid: number; database: number; oid: number }[] }
    | { readonly is: 'running'; readonly nextXid: number; readonly oldestXid: number }
    | { readonly is: 'database-created' | 'database-dropped'; readonly oid: number }
    | { readonly is: 'tablespace-created'; readonly oid: number; readonly path: string }
    | { readonly is: 'tablespace-dropped'; readonly oid: number }
    | { readonly is: 'restore-point'; readonly name: string }
    | { readonly is: 'parameters'; readonly settings: Readonly<Record<string, string>> }
    | { readonly is: 'end-of-recovery'; readonly timeline: number; readonly from: number; readonly time: Micros }
    | { readonly is: 'other' }
  );

type Content = WaldumpLine extends infer L ? (L extends At ? Omit<L, keyof At> : never) : never;

const linePattern =
  /^rmgr: (\S+)\s+len \(rec\/tot\): +\d+\/ *\d+, tx: +(\d+), lsn: ([0-9A-F]+\/[0-9A-F]+), prev [0-9A-F]+\/[0-9A-F]+, desc: (\S+) ?(.*)$/s;

/** One line of pg_waldump (PostgreSQL 15–17); undefined when it is none or its description is not known in every detail. */
export function parseWaldumpLine(text: string): WaldumpLine | undefined {
  const match = linePattern.exec(text);
  if (!match) return undefined;
  const [, manager = '', xid = '', lsn = '', kind = '', description = ''] = match;
  const content = readers[manager]?.(kind, description.trimEnd());
  return content && { ...content, xid: Number(xid), lsn: formatLsn(parseLsn(lsn)) };
}

export function unreadableLine(text: string): ProblemError {
  return new ProblemError('postgres-failed', `cannot read a line of pg_waldump: ${text.slice(0, 200)}`, {
    next: 'check that postgres.binDirectory has the version of the data directory',
  });
}

const other: Content = { is: 'other' };

/** By resource manager; each knows all its kinds of record that matter and passes over the others. */
const readers: Readonly<Record<string, (kind: string, description: string) => Content | undefined>> = {
  Transaction(kind, description) {
    if (!/^(COMMIT|ABORT|PREPARE)/.test(kind)) return other;
    const end = parseTransactionEnd(`${kind} ${description}`);
    return end && { is: 'transaction', end };
  },
  Storage(kind, description) {
    // TRUNCATE cuts off empty pages, or a file that the same transaction made: nothing is lost by it.
    const file = kind === 'CREATE' ? relationFileOf(description) : undefined;
    // Other forks belong to a file that is named by itself.
    return file === undefined ? other : { is: 'created', file };
  },
  Standby(kind, description) {
    if (kind === 'LOCK') {
      const locks = [...description.matchAll(/xid (\d+) db (\d+) rel (\d+)/g)].map((one) => ({
        xid: Number(one[1]),
        database: Number(one[2]),
        oid: Number(one[3]),
      }));
      return { is: 'locked', locks };
    }
    if (kind !== 'RUNNING_XACTS') return other;
    const running = /^nextXid (\d+) latestCompletedXid \d+ oldestRunningXid (\d+)/.exec(description);
    return running ? { is: 'running', nextXid: Number(running[1]), oldestXid: Number(running[2]) } : undefined;
  },
  Database(kind, description) {
    const created = /^(?:copy dir \d+\/\d+ to|create dir) \d+\/(\d+)$/.exec(description);
    if (created && kind.startsWith('CREATE')) return { is: 'database-created', oid: Number(created[1]) };
    const dropped = /^dir (?:\d+\/\d+ )*\d+\/(\d+)$/.exec(description);
    return dropped && kind === 'DROP' ? { is: 'database-dropped', oid: Number(dropped[1]) } : undefined;
  },
  Tablespace(kind, description) {
    const created = /^(\d+) "(.*)"$/s.exec(description);
    if (created && kind === 'CREATE') {
      return { is: 'tablespace-created', oid: Number(created[1]), path: created[2] ?? '' };
    }
    return kind === 'DROP' && /^\d+$/.test(description)
      ? { is: 'tablespace-dropped', oid: Number(description) }
      : undefined;
  },
  XLOG(kind, description) {
    switch (kind) {
      case 'RESTORE_POINT':
        return { is: 'restore-point', name: description };
      case 'PARAMETER_CHANGE':
        return { is: 'parameters', settings: Object.fromEntries(description.split(' ').map((one) => pair(one))) };
      case 'END_OF_RECOVERY': {
        // PostgreSQL 17 also tells the wal_level (xlogdesc.c).
        const recovery = /^tli (\d+); prev tli (\d+); time (\S+) (\S+) UTC(?:; wal_level \w+)?$/.exec(description);
        const time = recovery && parseInstant(`${recovery[3]}T${recovery[4]}Z`);
        if (!recovery || !time?.ok) return undefined;
        return { is: 'end-of-recovery', timeline: Number(recovery[1]), from: Number(recovery[2]), time: time.micros };
      }
      default:
        return other;
    }
  },
  Heap: () => other,
};

function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
