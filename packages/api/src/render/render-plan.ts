import type { PlanView } from '../planner/plan-view.ts';
import { fields, page, section, table } from './layout.ts';
import { nextActions, type NextAction } from './next-actions.ts';
import { plain } from './plain.ts';
import { bytes, duration, exactInstant, instant } from './units.ts';

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
      ['backup', `${plan.backup.id}, ended ${instant(plan.backup.endTime, now)}`],
      ['size', plan.backup.sizeBytes === null ? null : bytes(plan.backup.sizeBytes)],
      ['target', target(plan)],
      ['timeline', String(plan.timeline)],
      ['needs', `${bytes(plan.predictions.scratchBytes)} and ${bytes(plan.predictions.walBytes ?? 0)} of WAL`],
      ['takes', plan.predictions.seconds === null ? 'not known yet' : `about ${duration(plan.predictions.seconds)}`],
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
    section('steps', steps(plan)),
    nextActions(actions(plan)),
  );
}

/** One line per plan. */
export function renderPlans(view: { readonly plans: readonly PlanView[] }, now: number): string {
  if (view.plans.length === 0) return 'no plans\n';
  return table(
    ['PLAN', 'SERVER', 'SCENARIO', 'STATE', 'BACKUP', 'MADE'],
    view.plans.map((plan) => [
      plan.id,
      plan.server,
      plan.scenario,
      plan.state,
      plan.backup.id,
      instant(plan.createdAt, now),
    ]),
  );
}

function target({ target: asked }: PlanView): string {
  if (asked.type === 'time') return `just before the first commit after ${exactInstant(asked.time)}`;
  return asked.type === 'latest' ? 'latest: everything that Barman holds' : 'immediate: the end of the backup';
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
  const body = { server: plan.server, scenario: plan.scenario, target: plan.target, options: acknowledged(plan) };
  return [{ say: 'plan again', method: 'POST', path: '/v1/plans', body }];
}

/** The options that would get past the findings to confirm; blocking ones must be remedied first. */
function acknowledged(plan: PlanView): object {
  const confirm = plan.findings.filter((one) => one.severity === 'confirm').map((one) => one.code);
  const options = { ...(plan.options as Readonly<Record<string, unknown>>) };
  return confirm.length === 0 ? options : { ...options, acknowledge: confirm };
}
