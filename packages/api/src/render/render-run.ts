import { operations } from '@barback/shared/operations/index.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import type { RunView, StepView } from '../engine/run-view.ts';
import { fields, page, section, table } from './layout.ts';
import { liveStates } from './live-states.ts';
import { nextActions, type NextAction } from './next-actions.ts';
import { plain } from './plain.ts';
import { progressBar } from './progress-bar.ts';
import { renderImportedRows } from './render-import-result.ts';
import { renderResult } from './render-result.ts';
import { bytes, duration, instant } from './units.ts';

const copyPlaceSchema = operations['scratch-start'].result;

/** The state of the database first, then where the run is and what to do. */
export function renderRun(run: RunView, now: number): string {
  const observed = run.liveDatabaseAt === null ? '' : ` (observed ${instant(run.liveDatabaseAt, now)})`;
  return page(
    fields([
      ['database', `${liveStates[run.liveDatabase]}${observed}`],
      ['run', `${run.id}: ${run.scenario} of ${run.server}, ${run.state}`],
      ['started', instant(run.startedAt, now)],
      ['finished', run.finishedAt === null ? null : instant(run.finishedAt, now)],
      ['cancel asked', run.cancelRequestedAt === null ? null : instant(run.cancelRequestedAt, now)],
      ['undone by', run.undoneBy],
      ['stopped for', run.preemptedBy === null ? null : `run ${run.preemptedBy}, a restore of live`],
      ['plan', run.planId],
    ]),
    run.problem === null ? null : section('problem', describeProblem(run.problem)),
    gate(run, now),
    copyLine(run),
    importedLines(run),
    table(['STEP', 'STATE', 'TRIES', 'WHAT'], run.steps.filter(isShown).map(stepRow)),
    renderResult(run),
    nextActions(actionsOf(run)),
  );
}

/** One line per run, newest first. */
export function renderRuns(view: { readonly runs: readonly RunView[] }, now: number): string {
  if (view.runs.length === 0) return 'no runs\n';
  return table(
    ['RUN', 'SERVER', 'SCENARIO', 'STATE', 'STARTED', 'DATABASE'],
    view.runs.map((run) => [
      run.id,
      run.server,
      run.scenario,
      run.state,
      instant(run.startedAt, now),
      liveStates[run.liveDatabase],
    ]),
  );
}

/** What happened and what to do about it, indented. */
export function describeProblem(problem: Problem): string {
  const next = problem.next === undefined ? '' : `  -> ${plain(problem.next)}\n`;
  return `  ${plain(problem.title)}: ${plain(problem.detail)}\n${next}`;
}

/** Clean-up is shown once it has begun. */
function isShown(step: StepView): boolean {
  return !step.cleanup || step.state !== 'pending';
}

function stepRow(step: StepView): readonly string[] {
  const state = step.state === 'running' && step.progress !== null ? progressBar(step.progress) : step.title;
  const what = step.error === null ? state : `${step.title}: ${step.error.detail}`;
  return [step.cleanup ? `(${step.name})` : step.name, step.state, String(step.attempts), what];
}

function gate(run: RunView, now: number): string | null {
  if (run.gate === null) return null;
  const { name, ask, choices, deadline, atDeadline } = run.gate;
  return section(
    `waits for a person at gate ${plain(name)}`,
    fields([
      ['  question', ask],
      ['  choices', choices.join(', ')],
      ['  deadline', `${instant(deadline, now)}: then ${atDeadline}`],
      ...waiting(run.waiting),
    ]),
  );
}

function waiting(costs: RunView['waiting']): readonly (readonly [string, string | null])[] {
  if (costs === null) return [];
  const { secondsSinceTarget, undone, disk } = costs;
  return [
    ['  since the target', secondsSinceTarget === null ? null : duration(secondsSinceTarget)],
    ['  would undo by now', undone === null ? null : `${undone.transactions} transactions`],
    ['  disk', disk === null ? null : diskLine(disk)],
  ];
}

function diskLine({
  freeBytes,
  floorBytes,
  secondsToFloor,
}: NonNullable<NonNullable<RunView['waiting']>['disk']>): string {
  const until = secondsToFloor === null ? 'it does not shrink' : `reached in ${duration(secondsToFloor)} at this rate`;
  return `${bytes(freeBytes)} free, the floor is ${bytes(floorBytes)}: ${until}`;
}

/** How to look at the copy while a gate holds it: only the host itself can reach its socket. */
function copyLine(run: RunView): string | null {
  const started = run.steps.find((step) => step.name === 'start' && step.state === 'succeeded')?.result;
  const place = copyPlaceSchema.safeParse(started);
  if (run.gate === null || !place.success) return null;
  const { socketDirectory, port, superuser } = place.data;
  return section(
    'the copy, on the database host as root or as the user it runs as',
    `  psql -h ${plain(socketDirectory)} -p ${port} -U ${plain(superuser)}\n`,
  );
}

/** What a person decides by while an import waits. */
function importedLines(run: RunView): string | null {
  const loaded = run.steps.find((step) => step.name === 'load' && step.state === 'succeeded')?.result;
  const load = operations['import-load'].result.safeParse(loaded);
  return run.gate === null || !load.success ? null : section('rows', renderImportedRows(load.data));
}

/** Whether something is kept that was live before. */
function keeps(run: RunView): boolean {
  return run.steps.some((step) => step.name === 'swap' && step.state === 'succeeded');
}

function actionsOf(run: RunView): readonly NextAction[] {
  const self = `/v1/runs/${run.id}`;
  const cancel: NextAction = { say: 'stop it and put everything back', method: 'POST', path: `${self}/cancel` };
  if (run.state === 'needs_operator') {
    return [
      { say: 'after the cause is gone: let it go on', method: 'POST', path: `${self}/resume` },
      {
        say: 'or give it up: what is not final yet is put back, the rest stays as it is',
        method: 'POST',
        path: `${self}/cancel`,
      },
      { say: 'everything that was recorded', path: `${self}/report.txt` },
    ];
  }
  if (run.gate !== null) {
    const { name, choices } = run.gate;
    const decide = choices.map((decision): NextAction => {
      return { say: `decide: ${plain(decision)}`, method: 'POST', path: `${self}/gates/${name}`, body: { decision } };
    });
    return [...decide, cancel];
  }
  if (run.finishedAt === null) return [{ say: 'look again', path: `${self}.txt` }, cancel];
  const report: NextAction = { say: 'the report, for the record', path: `${self}/report.txt` };
  if (run.state !== 'succeeded' || run.undoneBy !== null || !keeps(run)) return [report];
  return [
    report,
    { say: 'take it back: this makes a plan and does nothing yet', method: 'POST', path: `${self}/undo`, body: {} },
    {
      say: 'accept it: this plans to delete what was live before, after which there is no undo',
      method: 'POST',
      path: `${self}/accept`,
      body: {},
    },
  ];
}
