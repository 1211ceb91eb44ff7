import type { OpName, Result } from '@barback/shared/operations/index.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { and, desc, eq, isNotNull, ne } from 'drizzle-orm';
import type { Reader } from '../../db/database.ts';
import { runs } from '../../db/schema.ts';
import { mirrorPlanSchema } from '../../planner/plan-document.ts';
import { cutoverBasisSchema } from '../../scenarios/cutover-basis.ts';
import { drillResult, type DrillResult } from '../../scenarios/drill-result.ts';
import { judgeDrill, type DrillBounds } from '../../scenarios/judge-drill.ts';
import { judgeMirror, judgeMirrored } from '../../scenarios/judge-mirror.ts';
import { basisSchema } from '../../scenarios/plan-basis.ts';
import { protectionBasisSchema } from '../../scenarios/protection-basis.ts';
import { recheckCutover } from '../../scenarios/recheck-cutover.ts';
import { recheckPlan } from '../../scenarios/recheck-plan.ts';
import { recheckProtection } from '../../scenarios/recheck-protection.ts';
import type { ApiAction, ApiOpName } from '../../scenarios/step.ts';
import { actionOf } from '../action-of.ts';
import type { AttemptOutcome } from '../decide.ts';
import type { EngineDeps } from '../engine-deps.ts';
import type { Run, StoredAttempt } from '../load-run.ts';
import { recordOutcome } from '../record.ts';
import { awaitAgent } from './await-agent.ts';
import { performOutside } from './outside.ts';
import { postmanReady, smokePostman } from './postman.ts';

/** The api's own work: computed from what is recorded, so that doing it again after a crash gives the same. */
const work: Readonly<Partial<Record<ApiOpName, (reader: Reader, run: Run, params: Json) => AttemptOutcome>>> = {
  'judge-drill': judge,
  'recheck-plan': recheck,
  'recheck-protection': recheckProtected,
  'recheck-cutover': recheckReplaced,
  'judge-mirror': judgeMirrorCheck,
  'judge-mirrored': judgeMirrorDrill,
};

export async function performApi(
  deps: EngineDeps,
  run: Run,
  attempt: StoredAttempt,
  signal: AbortSignal,
): Promise<void> {
  const { name, action } = actionOf(run.plan, attempt.step, attempt.direction);
  if (action.on !== 'api') throw new Error(`cannot do step ${name} in the api`);
  const computed = work[action.op]?.(deps.database.orm, run, action.params);
  const outcome = computed ?? (await performElsewhere(deps, { run, attempt, action }, signal));
  recordOutcome(deps, run, { attempt, outcome, evidence: null });
}

interface Elsewhere {
  readonly run: Run;
  readonly attempt: StoredAttempt;
  readonly action: ApiAction;
}

function performElsewhere(deps: EngineDeps, { run, attempt, action }: Elsewhere, signal: AbortSignal) {
  const { op, params } = action;
  switch (op) {
    case 'agent-enrolled':
      return awaitAgent(deps, { run, attempt, params }, signal);
    case 'smoke-ready':
      return postmanReady(deps, { run, params }, signal);
    case 'smoke-postman':
      return smokePostman(deps, { run, params }, signal);
    default:
      return performOutside(deps, run, action, signal);
  }
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

function recheck(_reader: Reader, run: Run, params: Json): AttemptOutcome {
  const difference = recheckPlan({
    basis: basisSchema.parse(params),
    host: resultOf(run, 'host-facts'),
    backup: resultOf(run, 'backup-show'),
    wal: resultOf(run, 'wal-facts'),
  });
  return difference === null ? { is: 'succeeded', result: null } : { is: 'failed', problem: difference };
}

function recheckProtected(_reader: Reader, run: Run, params: Json): AttemptOutcome {
  const difference = recheckProtection({
    basis: protectionBasisSchema.parse(params),
    host: resultOf(run, 'host-facts'),
    protection: resultOf(run, 'protection-facts'),
  });
  return difference === null ? { is: 'succeeded', result: null } : { is: 'failed', problem: difference };
}

function recheckReplaced(_reader: Reader, run: Run, params: Json): AttemptOutcome {
  const difference = recheckCutover({
    basis: cutoverBasisSchema.parse(params),
    host: resultOf(run, 'host-facts'),
    protection: resultOf(run, 'protection-facts'),
    cutover: resultOf(run, 'cutover-facts'),
  });
  return difference === null ? { is: 'succeeded', result: null } : { is: 'failed', problem: difference };
}

function judgeMirrorDrill(_reader: Reader, run: Run, params: Json): AttemptOutcome {
  const promised = mirrorPlanSchema.shape.holds.shape.newestCommit.unwrap().parse(params);
  const short = judgeMirrored(promised, resultOf(run, 'scratch-replay'));
  return short === null ? { is: 'succeeded', result: null } : { is: 'failed', problem: short };
}

function judgeMirrorCheck(_reader: Reader, run: Run): AttemptOutcome {
  const damage = judgeMirror(resultOf(run, 'mirror-check'));
  return damage === null ? { is: 'succeeded', result: null } : { is: 'failed', problem: damage };
}

/** The receipt's result, checked against its contract when it was admitted. */
function resultOf<N extends OpName>(run: Run, op: N): Result<N> {
  const step = run.plan.steps.findIndex(({ action }) => action.on === 'agent' && action.op === op);
  const outcome = run.attempts.findLast((one) => one.step === step && one.outcome?.is === 'succeeded')?.outcome;
  if (outcome?.is !== 'succeeded')
    throw new Error(`cannot compare run ${run.row.id} with its plan: ${op} has no result`);
  return outcome.result as unknown as Result<N>;
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
