import type { Params, Result } from '@barback/shared/operations/index.ts';
import { compareLsn } from '@barback/shared/postgres/lsn.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';

/** Null when the mirror holds what was sent to it. Pure. */
export function judgeMirror({ damaged, damagedFiles, files, how }: Result<'mirror-check'>): Problem | null {
  if (damagedFiles === 0) return null;
  const words = { missing: 'is missing', content: 'has another content' } as const;
  const told = damaged.slice(0, 5).map((one) => `${one.path} ${words[one.is]}`);
  const where = how === 'box' ? `of ${files} files` : `of ${files} that were fetched`;
  return problem('mirror-damaged', `${damagedFiles} ${where} of the mirror were damaged: ${told.join('; ')}`, {
    next: 'What was missing was sent again by this run, what has another content is by "compareContents": true. Then run it with "check": true once more, and find out what happened to the box.',
    facts: { damaged: damaged.map(({ path, is }) => ({ path, is })), count: damagedFiles },
  });
}

/** Null when the copy of a mirror has the commit that the mirror is said to hold. Pure. */
export function judgeMirrored(
  promised: NonNullable<Params<'mirror-push'>['newestCommit']>,
  { lastReplayed, replayLsn }: Pick<Result<'scratch-replay'>, 'lastReplayed' | 'replayLsn'>,
): Problem | null {
  const reached = lastReplayed?.lsn ?? replayLsn;
  if (compareLsn(reached, promised.lsn) >= 0) return null;
  return problem(
    'mirror-damaged',
    `the mirror is said to hold every commit up to ${promised.xid} at ${promised.lsn} (${promised.time}), and what it holds ends at ${reached}`,
    {
      next: 'Run the mirror with "check": true, which names what is damaged or missing; then with "compareContents": true.',
    },
  );
}
