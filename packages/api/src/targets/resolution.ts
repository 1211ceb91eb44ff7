import type { Target } from '@barback/shared/postgres/target.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { ExactEnd } from '../window/index-reader.ts';
import type { TimelinePath } from '../window/timeline-tree.ts';
import type { UsableBackup } from '../window/usable-backups.ts';

/** A record at which a target stops, on the timeline that it belongs to. */
export interface Candidate {
  /** The timeline whose file holds it. */
  readonly timeline: number;
  /** Begin of the record. */
  readonly position: number;
  /** Whether the record itself is replayed. */
  readonly inclusive: boolean;
}

/** Why a target cannot be had. */
export type Refusal =
  | { readonly is: 'future'; readonly now: Micros }
  /** It lies before everything that can be restored. */
  | { readonly is: 'too-early' }
  /** Nothing that Barman holds is later. */
  | { readonly is: 'too-late'; readonly onlyLive: boolean }
  | { readonly is: 'inside-backup'; readonly backup: UsableBackup }
  | { readonly is: 'broken'; readonly timeline: number; readonly segment: string; readonly why: string }
  | { readonly is: 'unread'; readonly segment: string }
  | { readonly is: 'no-such-transaction'; readonly xid: number }
  | { readonly is: 'rolled-back'; readonly xid: number; readonly end: ExactEnd }
  | { readonly is: 'no-such-name'; readonly name: string; readonly known: readonly string[] }
  | { readonly is: 'no-such-timeline'; readonly timeline: number }
  | { readonly is: 'no-backup' };

/** How a target is reached. */
export interface Way {
  readonly candidate: Candidate;
  /** Recovered along this path. */
  readonly path: TimelinePath;
  readonly backup: UsableBackup;
}

/** What lies around a stop. */
export interface Surroundings {
  readonly lastKept: ExactEnd | null;
  /** Commit or abort: what `pg_last_xact_replay_timestamp` tells. */
  readonly lastEnd: ExactEnd | null;
  readonly firstUndone: ExactEnd | null;
  /** Transactions of live's own history that the restored state does not have, and the time that they span. */
  readonly lost: { readonly transactions: number; readonly seconds: number | null } | null;
  /** Behind the stop although their time is not later than the target's: commit times do not follow WAL exactly. */
  readonly stampedEarlier: readonly ExactEnd[];
}

export type Answer = Way & Surroundings;

/** One instant that can be had, with the target to write for it. */
export interface Nearest {
  readonly time: Micros | null;
  readonly lsn: string;
  readonly target: Target;
  /** To be named in the plan, where the target needs it. */
  readonly backup: string | null;
}

/** What a target comes to. Several answers: it exists on several branches, and a person must say which. */
export interface Resolution {
  readonly answers: readonly Answer[];
  /** Set when there is no answer. */
  readonly refusal: Refusal | null;
  readonly before: Nearest | null;
  readonly after: Nearest | null;
}
