import type { Json } from '@barback/shared/wire/json.ts';
import type { PlanView } from '../planner/plan-view.ts';
import { fields, page, section, table } from './layout.ts';
import { nextActions, type NextAction } from './next-actions.ts';
import { plain } from './plain.ts';
import { renderChanges } from './render-provision.ts';
import { renderDiffs } from './render-restore-from-mirror.ts';
import { subject } from './render-plan-subject.ts';
import { duration, instant } from './units.ts';

const states: Record<PlanView['state'], string> = {
  ready: 'ready to start',
  blocked: 'blocked: see the findings',
  needs_approval: 'waits for approval',
  expired: 'expired: make a new plan',
  started: 'started: a plan runs at most once',
};

/** The plan as it is approved: what will be done, from what, and what speaks against it. */
export function renderPlan(plan: PlanView, now: number): string {
  return page(
    `plan ${plan.id}: ${plan.scenario} of ${plan.server}, ${states[plan.state]}`,
    fields([
      ...subject(plan, now),
      ['takes', takes(plan.predictions.seconds)],
      ['outage', outage(plan)],
      [plan.scenario === 'restore-from-mirror' ? 'lost' : 'live would lose', lost(plan)],
      ['undo', plan.predictions.undo === '' ? null : plan.predictions.undo],
      ['objective RTO', objective(plan.objectives.rtoSeconds)],
      ['objective RPO', objective(plan.objectives.rpoSeconds)],
      [
        'approvals',
        plan.approvals.required === 0 ? null : `${plan.approvals.given.length} of ${plan.approvals.required}`,
      ],
      ['made', instant(plan.createdAt, now)],
      ['expires', instant(plan.expiresAt, now)],
      ['hash', plan.hash],
    ]),
    section('findings', plan.findings.map(finding).join('')),
    plan.scenario === 'provision' ? renderChanges(plan) : null,
    plan.scenario === 'restore-from-mirror' ? renderDiffs(plan) : null,
    section('steps', steps(plan)),
    nextActions(actions(plan)),
  );
}

/** One line per plan. */
export function renderPlans(view: { readonly plans: readonly PlanView[] }, now: number): string {
  if (view.plans.length === 0) return 'no plans\n';
  return table(
    ['PLAN', 'SERVER', 'SCENARIO', 'STATE', 'ABOUT', 'MADE'],
    view.plans.map((plan) => [
      plan.id,
      plan.server,
      plan.scenario,
      plan.state,
      about(plan),
      instant(plan.createdAt, now),
    ]),
  );
}

function takes(seconds: PlanView['predictions']['seconds']): string {
  if (seconds === null) return 'not known yet: fewer than three runs';
  return `about ${duration(seconds.median)} (${duration(seconds.min)} to ${duration(seconds.max)} in earlier runs)`;
}

function about(plan: PlanView): string {
  if (plan.scenario === 'mirror') return plan.holds.newestCommit?.lsn ?? '';
  if ('backup' in plan) return plan.backup.id;
  if ('kept' in plan) return plan.kept.plan;
  if ('import' in plan) return plan.import;
  if ('replaces' in plan) return plan.replaces;
  return plan.protection.slotName ?? '';
}

/** Whether the application is stopped before the copy is made. */
function isLong(options: PlanView['options']): boolean {
  const { stopFirst, inPlace } = (options ?? {}) as { readonly stopFirst?: Json; readonly inPlace?: Json };
  return stopFirst === true || inPlace === true;
}

function outage({ predictions, options }: PlanView): string | null {
  const { outageSeconds } = predictions;
  if (outageSeconds === null && isLong(options))
    return 'as long as the copy and its replay take; not measured yet: fewer than three runs';
  if (outageSeconds === null)
    return 'stop, two renames and a start, whatever the size; not measured yet: fewer than three runs';
  return outageSeconds === 0 ? 'none: live is not touched' : `about ${duration(outageSeconds)}`;
}

/** Also of a drill: it is what the restore that it rehearses would cost. */
function lost({ predictions, scenario }: PlanView): string | null {
  const { lost: loss } = predictions;
  if (loss === null) return null;
  if (loss.transactions === 0) {
    return scenario === 'restore-from-mirror' ? 'nothing that is known of' : 'nothing that Barman holds';
  }
  const span = loss.seconds === null ? '' : `, the last ${duration(loss.seconds)}`;
  return `${loss.transactions} transactions${span}`;
}

function objective(seconds: number | null): string | null {
  return seconds === null ? null : duration(seconds);
}

function finding({ severity, code, title, detail, remedy }: PlanView['findings'][number]): string {
  return `  ${severity}: ${plain(title)} (${plain(code)})\n    ${plain(detail)}\n    -> ${plain(remedy)}\n`;
}

function steps(plan: PlanView): string {
  return table(
    ['  #', 'STEP', 'CLASS', 'WHAT', 'PUT BACK BY'],
    plan.steps.map((step, index) => [
      String(index + 1).padStart(3),
      step.name,
      step.class ?? step.on,
      step.title,
      step.inverse === null ? '' : `${step.inverse.name} (${step.inverse.when})`,
    ]),
  );
}

function actions(plan: PlanView): readonly NextAction[] {
  if (plan.runId !== null) return [{ say: 'see the run', path: `/v1/runs/${plan.runId}.txt` }];
  if (plan.state === 'ready') return [{ say: 'start it', method: 'POST', path: `/v1/plans/${plan.id}/runs` }];
  if (plan.state === 'needs_approval') {
    return [
      {
        say: 'approve exactly this plan, as another person than the one who made it',
        role: 'approver',
        method: 'POST',
        path: `/v1/plans/${plan.id}/approvals`,
        body: { hash: plan.hash },
      },
    ];
  }
  if ('undoes' in plan) return again(plan, `/v1/runs/${plan.undoes}/undo`);
  if ('accepts' in plan) return again(plan, `/v1/runs/${plan.accepts}/accept`);
  const target = 'target' in plan ? { target: plan.target } : {};
  const body = { server: plan.server, scenario: plan.scenario, ...target, options: acknowledged(plan) };
  return [{ say: 'plan again', method: 'POST', path: '/v1/plans', body }];
}

function again(plan: PlanView, path: string): readonly NextAction[] {
  return [{ say: 'plan again', method: 'POST', path, body: { options: acknowledged(plan) } }];
}

/** The options that would get past the findings to confirm; blocking ones must be remedied first. */
function acknowledged(plan: PlanView): object {
  const confirm = plan.findings.filter((one) => one.severity === 'confirm').map((one) => one.code);
  const options = { ...(plan.options as Readonly<Record<string, unknown>>) };
  return confirm.length === 0 ? options : { ...options, acknowledge: confirm };
}
