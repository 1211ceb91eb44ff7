import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import type { Target } from '@barback/shared/postgres/target.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { PlacedTarget } from './find-candidates.ts';
import type { Answer } from './resolution.ts';

/** The target that means exactly one of several answers. */
export function targetOf(answer: Answer, asked: PlacedTarget): Target {
  const { timeline, position, inclusive } = answer.candidate;
  // Twice on one branch: only the position tells them apart.
  if (asked.timeline === timeline || asked.type === 'name') {
    return { type: 'lsn', lsn: lsnFromNumber(position), inclusive, timeline };
  }
  return { ...asked, timeline };
}

/** The refusal of a plan whose target exists on several branches: nobody guesses, both are offered. */
export function describeBranches(server: string, target: PlacedTarget, answers: readonly Answer[]): ProblemError {
  const branches = answers.map((answer) => {
    const { timeline, position } = answer.candidate;
    const { lastKept } = answer;
    return {
      timeline,
      lsn: lsnFromNumber(position),
      lastKept: lastKept && { xid: lastKept.xid, time: formatInstant(lastKept.time) },
      target: { ...targetOf(answer, target) } as Json,
    };
  });
  const described = branches.map(
    (one) => `timeline ${one.timeline} (up to transaction ${one.lastKept?.xid ?? '?'} of ${one.lastKept?.time ?? '?'})`,
  );
  return new ProblemError(
    'target-ambiguous',
    `The target exists ${answers.length} times: on ${described.join(' and on ')}`,
    {
      next: `Write which is meant: ${branches.map((one) => JSON.stringify(one.target)).join(' or ')}; GET /v1/servers/${server}/window shows the branches`,
      facts: { branches },
    },
  );
}
