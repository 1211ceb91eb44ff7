import type { Result } from '@barback/shared/operations/index.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { and, desc, eq, isNotNull, ne } from 'drizzle-orm';
import type { Reader } from '../../db/database.ts';
import { runs } from '../../db/schema.ts';
import type { DrillBounds } from '../../scenarios/drill.ts';
import { drillResult, type DrillResult } from '../../scenarios/drill-result.ts';
import { judgeDrill } from '../../scenarios/judge-drill.ts';
import type { ApiOpName } from '../../scenarios/step.ts';
import { actionOf } from '../action-of.ts';
import type { AttemptOutcome } from '../decide.ts';
import type { EngineDeps } from '../engine-deps.ts';
import type { Run, StoredAttempt } from '../load-run.ts';
import { recordOutcome } from '../record.ts';

/** The api's own work: computed from what is recorded, so that doing it again after a crash gives the same. */
const work: Readonly<Record<ApiOpName, (reader: Reader, run: Run, params: Json) => AttemptOutcome>> = {
  'judge-drill': judge,
};

export function performApi(deps: EngineDeps, run: Run, attempt: StoredAttempt): void {
  const { name, action } = actionOf(run.plan, attempt.step, attempt.direction);
  if (action.on !== 'api') throw new Error(`cannot do step ${name} in the api`);
  const outcome = work[action.op](deps.database.orm, run, action.params);
  recordOutcome(deps, run, { attempt, outcome, evidence: null });
}

function judge(reader: Reader, run: Run, params: Json): AttemptOutcome {
  const judgement = judgeDrill({
    // The plan's bytes were made from DrillBounds by the compiler's eye, and hashed.
    bounds: params as unknown as DrillBounds,
    result: drillResult(run.plan.steps, run.attempts),
    live: liveCounts(run),
    previous: previousDrill(reader, run)?.tables ?? null,
  });
  if (judgement.is === 'failed') return judgement;
  return { is: 'succeeded', result: { comparison: judgement.comparison as unknown as Json } };
}

function liveCounts(run: Run): Result<'live-count'> | null {
  const step = run.plan.steps.findIndex(({ action }) => action.on === 'agent' && action.op === 'live-count');
  const counted = run.attempts.find((one) => one.step === step && one.outcome?.is === 'succeeded')?.outcome;
  return counted?.is === 'succeeded' ? (counted.result as unknown as Result<'live-count'>) : null;
}

function previousDrill(reader: Reader, { row }: Run): DrillResult | null {
  const { server, scenario, id } = row;
  const last = reader
    .select({ result: runs.result })
    .from(runs)
    .where(
      and(
        eq(runs.server, server),
        eq(runs.scenario, scenario),
        eq(runs.state, 'succeeded'),
        isNotNull(runs.result),
        ne(runs.id, id),
      ),
    )
    .orderBy(desc(runs.finishedAt))
    .limit(1)
    .get();
  return last?.result == null ? null : (JSON.parse(last.result) as DrillResult);
}
