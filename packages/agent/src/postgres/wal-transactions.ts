import { parseInstant } from '@barback/shared/postgres/instant.ts';
import { formatLsn, parseLsn, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';

/** A COMMIT or ABORT record, of prepared transactions too; `time` in microseconds since 1970. */
export interface WalTransaction {
  readonly kind: 'commit' | 'abort';
  readonly xid: number;
  /** Where the record begins. */
  readonly lsn: Lsn;
  readonly time: number;
}

const linePattern =
  /^rmgr: Transaction\s+len .*?, tx:\s*(\d+), lsn: ([0-9A-F]+\/[0-9A-F]+), prev \S+ desc: (\S+) (.*)$/;
const endPattern =
  /^(COMMIT|ABORT)(_PREPARED)? (?:(\d+): )?(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d+)?) UTC(?:;|$)/;

/**
 * The ends of transactions in the output of `pg_waldump --rmgr=Transaction` run with TZ=UTC (PostgreSQL 15 prints the local
 * time of the process). PREPARE, INVALIDATION and ASSIGNMENT end nothing and are skipped; an unreadable end throws.
 */
export function parseWalTransactions(text: string): WalTransaction[] {
  const found: WalTransaction[] = [];
  for (const line of text.split('\n')) {
    const match = linePattern.exec(line);
    if (!match) continue;
    const [, tx = '', lsn = '', kind = '', rest = ''] = match;
    if (!/^(COMMIT|ABORT)/.test(kind)) continue;
    const end = endPattern.exec(`${kind} ${rest}`);
    const instant = end && parseInstant(`${end[4]}T${end[5]}Z`);
    if (!end || !instant?.ok) {
      throw new ProblemError('postgres-failed', `cannot read a line of pg_waldump: ${line.slice(0, 200)}`, {
        next: 'check that postgres.binDirectory has the version of the data directory',
      });
    }
    found.push({
      kind: end[1] === 'COMMIT' ? 'commit' : 'abort',
      xid: Number(end[3] ?? tx),
      lsn: formatLsn(parseLsn(lsn)),
      time: instant.micros,
    });
  }
  return found;
}

/** How pg_waldump reports the end of valid WAL, or of the files that there are: expected, not a failure. */
export function isEndOfWal(stderr: string): boolean {
  return /error in WAL record|could not find a valid record|could not find file|could not open file|could not read/.test(
    stderr,
  );
}
