import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { Progress } from '@barback/shared/wire/job.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { problemSchema, type Problem } from '@barback/shared/wire/problem.ts';
import { isPassedOver } from '../scenarios/passed-over.ts';
import { problemOf } from './conclude.ts';
import type { Direction } from './decide.ts';
import type { Run, RunRow, StoredAttempt } from './load-run.ts';
import { isActive } from './record-run.ts';
import type { RunView, StepView } from './run-view.ts';

export interface OpenGate {
  readonly name: string;
  readonly openedAt: Micros;
  readonly deadline: Micros;
}

/** The run as everybody sees it: forward steps first, then what puts them back, in order of execution. Pure. */
export function composeRunView(run: Run, gate: OpenGate | null): RunView {
  const { row, plan } = run;
  const steps = withTrouble(row, [...forwardViews(run), ...cleanupViews(run)]);
  return {
    id: row.id,
    planId: row.plan,
    server: row.server,
    scenario: row.scenario,
    state: row.state,
    liveDatabase: row.liveDatabase as RunView['liveDatabase'],
    liveDatabaseAt: instant(row.liveDatabaseAt),
    createdAt: formatInstant(row.createdAt),
    startedAt: instant(row.startedAt),
    finishedAt: instant(row.finishedAt),
    startedBy: row.startedBy,
    cancelRequestedAt: instant(row.cancelRequestedAt),
    undoneBy: row.undoneBy,
    preemptedBy: row.preemptedBy,
    steps,
    gate: gate === null ? null : gateView(plan.steps, gate),
    waiting: null,
    result: parseJson(row.result),
    problem: parseProblem(row.problem),
    links: links(row, gate),
  };
}

function forwardViews(run: Run): StepView[] {
  return run.plan.steps.map((step, index) => stepView(run, step, triesOf(run, index, 'forward'), false));
}

/** Clean-up that is always due is announced; what only a failure calls for appears when it has begun. */
function cleanupViews(run: Run): StepView[] {
  return run.plan.steps.toReversed().flatMap((step, fromEnd) => {
    const tries = triesOf(run, run.plan.steps.length - 1 - fromEnd, 'inverse');
    const shown = step.inverse?.when === 'always' || tries.length > 0;
    return step.inverse && shown ? [stepView(run, step.inverse, tries, true)] : [];
  });
}

function stepView(
  run: Run,
  { name, title }: { name: string; title: string },
  tries: readonly StoredAttempt[],
  cleanup: boolean,
): StepView {
  const last = tries.at(-1) ?? null;
  const state = stateOf(run, last, cleanup);
  const ended = state === 'succeeded' || state === 'failed' || state === 'cancelled';
  return {
    name,
    title,
    state,
    startedAt: instant(tries[0]?.intendedAt ?? null),
    finishedAt: ended ? instant(last?.endedAt ?? null) : null,
    attempts: tries.length,
    progress: last?.progress ? progressView(last.progress) : null,
    result: last?.outcome?.is === 'succeeded' ? last.outcome.result : null,
    error: problemOf(last),
    cleanup,
  };
}

function progressView(progress: Progress): NonNullable<StepView['progress']> {
  const { bytes, totalBytes, bytesPerSecond, at } = progress;
  const isKnown = totalBytes !== null && bytesPerSecond > 0;
  const secondsLeft = isKnown ? Math.round(Math.max(0, totalBytes - bytes) / bytesPerSecond) : null;
  return { ...progress, at: formatInstant(at), secondsLeft };
}

function stateOf(run: Run, last: StoredAttempt | null, cleanup: boolean): StepView['state'] {
  const active = isActive(run.row.state);
  if (last === null) return active ? 'pending' : 'skipped';
  switch (last.outcome?.is) {
    case undefined:
      return run.plan.steps[last.step]?.action.on === 'person' ? 'waiting' : 'running';
    case 'unknown':
      return 'running';
    case 'succeeded':
      return isPassedOver(last.outcome.result) ? 'skipped' : 'succeeded';
    case 'cancelled':
      return 'cancelled';
    case 'failed':
      return cleanup && run.row.state === 'running' ? 'running' : 'failed';
    case 'absent':
    case 'partial':
      return run.row.state === 'running' && (cleanup || !isUnwinding(run)) ? 'running' : 'failed';
  }
}

function isUnwinding(run: Run): boolean {
  return run.attempts.some((attempt) => attempt.direction === 'inverse');
}

/** What keeps the run from going on is the error of the step that it is at. */
function withTrouble(row: RunRow, steps: readonly StepView[]): StepView[] {
  const trouble = parseProblem(row.trouble);
  const at = steps.findIndex((step) => step.state === 'running' || step.state === 'waiting');
  const current = at >= 0 ? at : steps.findIndex((step) => step.state === 'pending');
  return steps.map((step, index) => (trouble !== null && index === current ? { ...step, error: trouble } : step));
}

function gateView(steps: Run['plan']['steps'], { name, openedAt, deadline }: OpenGate): RunView['gate'] {
  const action = steps.find((step) => step.name === name)?.action;
  if (action?.on !== 'person') return null;
  const { ask, choices, atDeadline } = action;
  const times = { openedAt: formatInstant(openedAt), deadline: formatInstant(deadline) };
  return { name, ask, choices: [...choices], ...times, atDeadline };
}

function links(row: RunRow, gate: OpenGate | null): Record<string, string> {
  const self = `/v1/runs/${row.id}`;
  return {
    self,
    plan: `/v1/plans/${row.plan}`,
    server: `/v1/servers/${row.server}`,
    report: `${self}/report`,
    audit: `/v1/audit?run=${row.id}`,
    ...(isActive(row.state) ? { cancel: `${self}/cancel` } : {}),
    ...(row.state === 'needs_operator' ? { resume: `${self}/resume` } : {}),
    ...(gate === null ? {} : { gate: `${self}/gates/${gate.name}` }),
  };
}

function triesOf(run: Run, step: number, direction: Direction): readonly StoredAttempt[] {
  return run.attempts.filter((attempt) => attempt.step === step && attempt.direction === direction);
}

function instant(micros: Micros | null): string | null {
  return micros === null ? null : formatInstant(micros);
}

function parseJson(text: string | null): Json {
  return text === null ? null : (JSON.parse(text) as Json);
}

function parseProblem(text: string | null): Problem | null {
  return text === null ? null : problemSchema.parse(JSON.parse(text));
}
