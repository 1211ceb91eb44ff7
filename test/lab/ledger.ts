import { readFile } from 'node:fs/promises';
import { compareLsn } from '@barback/shared/postgres/lsn.ts';
import type { TimelineHistory } from '@barback/shared/postgres/timeline.ts';
import { z } from 'zod';

const entrySchema = z.strictObject({
  /** `begun` before COMMIT was sent; the other two after it, whichever came. */
  is: z.enum(['begun', 'acknowledged', 'unacknowledged']),
  note: z.string(),
  id: z.string(),
  xid: z.string(),
  timeline: z.int(),
  /** The commit record lies behind that of `begun` and not behind that of `acknowledged` (null: the connection ended first). */
  lsn: z.string().nullable(),
  /** Milliseconds since 1970. */
  at: z.number(),
});

export type LedgerEntry = z.infer<typeof entrySchema>;

/** What an application knows of one of its transactions. */
export interface Commit {
  readonly note: string;
  readonly xid: string;
  readonly timeline: number;
  readonly acknowledgedAt: number | null;
  /** Its commit record begins at or behind `after`, and ends at or before `upTo`. */
  readonly after: string;
  readonly upTo: string | null;
}

export async function readLedger(file: string): Promise<readonly Commit[]> {
  // A process that was killed may have left half a line.
  const whole = (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1);
  const commits = new Map<string, Commit>();
  for (const line of whole) {
    const { is, note, xid, timeline, lsn, at } = entrySchema.parse(JSON.parse(line));
    const known = commits.get(note);
    if (is === 'begun')
      commits.set(note, { note, xid, timeline, acknowledgedAt: null, after: lsn ?? '0/0', upTo: null });
    if (is === 'acknowledged' && known !== undefined) commits.set(note, { ...known, acknowledgedAt: at, upTo: lsn });
  }
  return [...commits.values()];
}

/** How many commits were begun and answered with an error, or with the end of the connection. */
export async function failedCommits(file: string): Promise<number> {
  const whole = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return whole.filter((line) => entrySchema.parse(JSON.parse(line)).is === 'unacknowledged').length;
}

export interface Verdict {
  /** Acknowledged, on the way, and not there. */
  readonly missing: readonly Commit[];
  /** Not on the way, and there. */
  readonly present: readonly Commit[];
  /** There, and unknown to the ledger. */
  readonly unknown: readonly string[];
  readonly kept: number;
  readonly undone: number;
  /** Under way where a timeline was left, or never acknowledged: both would be right. */
  readonly undecided: number;
}

/**
 * The rows of a database against what the application was told: every commit that was acknowledged on the way to where the database
 * is now must be there, and none of those that lie beside it.
 */
export function compareLedger(
  commits: readonly Commit[],
  notes: ReadonlySet<string>,
  history: TimelineHistory,
): Verdict {
  const known = new Set(commits.map(({ note }) => note));
  const kept = commits.filter((commit) => placeOf(commit, history) === 'kept');
  const undone = commits.filter((commit) => placeOf(commit, history) === 'undone');
  return {
    missing: kept.filter(({ note }) => !notes.has(note)),
    present: undone.filter(({ note }) => notes.has(note)),
    unknown: [...notes].filter((note) => !known.has(note)),
    kept: kept.length,
    undone: undone.length,
    undecided: commits.length - kept.length - undone.length,
  };
}

function placeOf(
  { timeline, after, upTo, acknowledgedAt }: Commit,
  history: TimelineHistory,
): 'kept' | 'undone' | 'undecided' {
  if (timeline === history.timeline) return acknowledgedAt === null ? 'undecided' : 'kept';
  const left = history.ancestors.find((one) => one.timeline === timeline)?.switchLsn;
  if (left === undefined || compareLsn(after, left) >= 0) return 'undone';
  return upTo !== null && compareLsn(upTo, left) <= 0 ? 'kept' : 'undecided';
}
