import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { ProblemError, type ProblemType } from '@barback/shared/wire/problem.ts';
import type { Target } from '@barback/shared/postgres/target.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import type { Nearest, Refusal } from './resolution.ts';

/** Why a target cannot be had, in a sentence. */
export function describeRefusal(server: string, refusal: Refusal): string {
  switch (refusal.is) {
    case 'future':
      return `It lies in the future: it is ${formatInstant(refusal.now)} on the host of ${server}`;
    case 'too-early':
      return 'It lies before everything that can be restored: before the end of the oldest backup with its WAL';
    case 'too-late':
      return refusal.onlyLive
        ? 'Nothing that Barman holds is later; live has written WAL behind it that Barman has not received yet'
        : 'Nothing that Barman holds is later, so recovery would end before the target';
    case 'inside-backup': {
      const { id, endTime } = refusal.backup.backup;
      return `It lies within the run of backup ${id}, which can be restored only from its end (${formatInstant(endTime ?? 0)}) on`;
    }
    case 'broken':
      return `WAL between the backup and the target is broken at ${refusal.segment}: ${refusal.why}`;
    case 'unread':
      return `WAL at ${refusal.segment} has not been read into the index yet`;
    case 'no-such-transaction':
      return `No transaction ${refusal.xid} ended in the WAL that Barman holds`;
    case 'rolled-back':
      return `Transaction ${refusal.xid} was rolled back at ${formatInstant(refusal.end.time)}: there is nothing of it to undo`;
    case 'no-such-name':
      return `There is no restore point ${JSON.stringify(refusal.name)} in the WAL that Barman holds`;
    case 'no-such-timeline':
      return `Barman knows no timeline ${refusal.timeline}, or not where it comes from`;
    case 'no-backup':
      return 'No usable backup is on the way to it';
  }
}

/** What to do instead. */
export function adviceFor(
  server: string,
  refusal: Refusal,
  nearest: { before: Nearest | null; after: Nearest | null },
): string {
  const instead = [nearest.before, nearest.after]
    .filter((one) => one !== null)
    .map(
      (one) =>
        `${one.time === null ? one.lsn : formatInstant(one.time)}: ${JSON.stringify(one.target)}${one.backup ? ` with "backup":"${one.backup}"` : ''}`,
    );
  const write = instead.length === 0 ? '' : `Write instead ${instead.join(', or ')}`;
  switch (refusal.is) {
    case 'too-late':
      return refusal.onlyLive
        ? `Wait until Barman has it, or hurry it on the host: barman switch-wal --archive ${server}. ${write}`.trim()
        : orLatest(write);
    case 'future':
      return orLatest(write);
    case 'unread':
      return `Try again in a moment: GET /v1/servers/${server}/window tells how far the index is`;
    case 'no-such-name':
      return refusal.known.length === 0
        ? 'There are no restore points at all: choose a time, or find the transaction with GET …/transactions'
        : `Known are: ${refusal.known.join(', ')}`;
    case 'no-such-transaction':
    case 'rolled-back':
      return `Find the transaction: GET /v1/servers/${server}/transactions`;
    case 'no-backup':
      return `Make a base backup on the Barman host: barman backup --wait ${server}`;
    case 'broken':
      return `Put the file back into Barman's archive. ${write}`.trim();
    case 'too-early':
    case 'inside-backup':
    case 'no-such-timeline':
      return write || `See what can be restored: GET /v1/servers/${server}/window`;
  }
}

function orLatest(write: string): string {
  return `${write === '' ? 'Write' : `${write}, or`} {"type":"latest"} for everything that Barman holds`;
}

const problemOf: Readonly<Record<Refusal['is'], ProblemType>> = {
  future: 'target-unreachable',
  'too-early': 'target-unreachable',
  'too-late': 'target-unreachable',
  'inside-backup': 'target-unreachable',
  broken: 'target-unreachable',
  unread: 'index-behind',
  'no-such-transaction': 'target-unreachable',
  'rolled-back': 'target-unreachable',
  'no-such-name': 'target-unreachable',
  'no-such-timeline': 'target-unreachable',
  'no-backup': 'target-unreachable',
};

/** The refusal of a plan whose target cannot be had. */
export function unreachable(
  server: string,
  target: Target,
  refusal: Refusal,
  nearest: { readonly before: Nearest | null; readonly after: Nearest | null },
): ProblemError {
  return new ProblemError(problemOf[refusal.is], describeRefusal(server, refusal), {
    next: adviceFor(server, refusal, nearest),
    facts: {
      target: { ...target } as Json,
      reason: refusal.is,
      before: nearestFacts(nearest.before),
      after: nearestFacts(nearest.after),
    },
  });
}

function nearestFacts(nearest: Nearest | null): Json {
  if (nearest === null) return null;
  const { time, lsn, target, backup } = nearest;
  return { time: time === null ? null : formatInstant(time), lsn, target: { ...target } as Json, backup };
}
