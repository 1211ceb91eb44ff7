import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { targetSchema } from '@barback/shared/postgres/target.ts';
import { problemSchema } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { targetOf } from './describe-branches.ts';
import { adviceFor, describeRefusal } from './describe-refusal.ts';
import type { PlacedTarget } from './find-candidates.ts';
import type { Answer, Nearest, Resolution } from './resolution.ts';
import type { Search } from './search.ts';
import { lostSchema, stopSchema, stopView } from './stop-view.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.123456Z' });

const answerSchema = z
  .strictObject({
    /** Means exactly this answer, also where the question was ambiguous. */
    target: targetSchema,
    backup: z.strictObject({ id: z.string(), endTime: instant.nullable() }),
    /** To recover along. */
    timeline: z.int(),
    stop: stopSchema,
    /** What a restore of live to this target would undo; null where live's WAL cannot be read. */
    lost: lostSchema.nullable(),
  })
  .meta({ id: 'ReachableAnswer' });

const nearestSchema = z
  .strictObject({
    time: instant.nullable(),
    lsn: z.string(),
    target: targetSchema,
    /** To be named in the plan, where the target needs it. */
    backup: z.string().nullable(),
  })
  .meta({ id: 'NearestInstant' });

export const reachableSchema = z
  .strictObject({
    server: z.string(),
    observedAt: instant.nullable(),
    /** Why Barman's files could not be looked at just now. */
    problem: problemSchema.nullable(),
    target: targetSchema,
    /** `ambiguous`: it exists on several branches, and a plan must say which. */
    reachable: z.enum(['yes', 'ambiguous', 'no']),
    answers: z.array(answerSchema),
    /** Set when it cannot be reached. */
    reason: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
    next: z.string().nullable(),
    before: nearestSchema.nullable(),
    after: nearestSchema.nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Reachable' });

export type ReachableView = z.infer<typeof reachableSchema>;

export interface ReachableFacts {
  readonly server: string;
  readonly observedAt: number | null;
  readonly problem: ReachableView['problem'];
  readonly target: PlacedTarget;
  readonly resolution: Resolution;
}

/** Whether a target can be had, and what would be there; or why not, and what can. */
export function reachableView({ picture }: Search, facts: ReachableFacts): ReachableView {
  const { server, observedAt, problem, target, resolution } = facts;
  const { answers, refusal, before, after } = resolution;
  const isAmbiguous = answers.length > 1;
  return {
    server,
    observedAt: observedAt === null ? null : formatInstant(observedAt),
    problem,
    target,
    reachable: isAmbiguous ? 'ambiguous' : answers.length === 1 ? 'yes' : 'no',
    answers: answers.map((answer) => ({
      target: isAmbiguous ? targetOf(answer, target) : target,
      backup: backupOf(answer),
      timeline: answer.path.timeline,
      stop: stopView(answer, picture),
      lost: answer.lost,
    })),
    reason: refusal && { code: refusal.is, detail: describeRefusal(server, refusal) },
    next: refusal && adviceFor(server, refusal, resolution),
    before: before && nearestView(before),
    after: after && nearestView(after),
    links: { window: `/v1/servers/${server}/window`, plan: '/v1/plans' },
  };
}

function backupOf({ backup: { backup } }: Answer) {
  return { id: backup.id, endTime: backup.endTime === null ? null : formatInstant(backup.endTime) };
}

function nearestView({ time, lsn, target, backup }: Nearest) {
  return { time: time === null ? null : formatInstant(time), lsn, target, backup };
}
