import type { Json } from '@barback/shared/wire/json.ts';
import type { PlanView } from '../planner/plan-view.ts';
import { fields, page, section, table } from './layout.ts';
import { nextActions, type NextAction } from './next-actions.ts';
import { plain } from './plain.ts';
import { describeTarget, stopFields } from './render-stop.ts';
import { ago, exactInstant, bytes, duration, instant } from './units.ts';

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

function timeline({ timeline: number, stop: at }: CopyView): string {
  return at?.abandoned ? `${number}, which a later restore gave up` : String(number);
}

function takes(seconds: PlanView['predictions']['seconds']): string {
  if (seconds === null) return 'not known yet: fewer than three runs';
  return `about ${duration(seconds.median)} (${duration(seconds.min)} to ${duration(seconds.max)} in earlier runs)`;
}

type ViewOf<S extends PlanView['scenario']> = Extract<PlanView, { scenario: S }>;
type CopyView = ViewOf<'drill' | 'point-in-time' | 'extract'>;
type RebaselineView = ViewOf<'rebaseline'>;
type Lines = readonly (readonly [string, string | null])[];

function subject(plan: PlanView, now: number): Lines {
  switch (plan.scenario) {
    case 'drill':
      return copySubject(plan, now);
    case 'point-in-time':
      return [...copySubject(plan, now), ...applications(plan.applications)];
    case 'extract':
      return [
        ...copySubject(plan, now),
        ['tables', plan.tables.map(plain).join(', ')],
        ['of database', plain(plan.database)],
        ['loaded into', plan.into === null ? 'nothing: only the dump is made' : `the new schema ${plan.into} of live`],
      ];
    case 'undo':
      return [['puts back', plan.kept.path], ['of run', plan.undoes], ...applications(plan.applications)];
    case 'accept':
      return [
        ['deletes', plan.kept.path],
        ['of run', plan.accepts],
        ['frees', plan.kept.bytes === null ? null : bytes(plan.kept.bytes)],
      ];
    case 'mirror':
      return [['holds', heldText(plan.holds, now)]];
    case 'restore-from-mirror':
      return [...restoreFromMirrorSubject(plan, now), ...applications(plan.applications)];
    case 'backup':
      return [['WAL comes by', ways(plan.protection)]];
    case 'rebaseline':
      return rebaselineSubject(plan);
  }
}

/** What is not stopped is not told either (T27). */
const staysUp =
  'whatever is not named here (frontends, queues, replicas of the data): it may have seen commits that are undone';

function applications(names: readonly string[]): Lines {
  return [
    ['stays up', staysUp],
    [
      'stops and starts',
      names.length === 0 ? 'no application: whoever is connected is put out by the fence' : names.map(plain).join(', '),
    ],
  ];
}

function copySubject(plan: CopyView, now: number): Lines {
  return [
    ['backup', `${plan.backup.id}, ended ${instant(plan.backup.endTime, now)}`],
    ['size', plan.backup.sizeBytes === null ? null : bytes(plan.backup.sizeBytes)],
    ['target', describeTarget(plan.target)],
    ...(plan.stop === null ? [] : stopFields(plan.stop, now)),
    ['timeline', timeline(plan)],
    ['needs', `${bytes(plan.predictions.scratchBytes)} and ${bytes(plan.predictions.walBytes ?? 0)} of WAL`],
  ];
}

function restoreFromMirrorSubject(
  { backup, mirror, vault, timeline: number }: ViewOf<'restore-from-mirror'>,
  now: number,
): Lines {
  return [
    ['from', `${plain(mirror.source)}, brought up to date ${instant(mirror.mirroredAt, now)}`],
    ['holds', `${heldText(mirror, now)}; ${mirror.files} files, ${bytes(mirror.bytes)}`],
    ['backup', `${backup.id}, ended ${instant(backup.endTime, now)}`],
    ['size', backup.sizeBytes === null ? null : bytes(backup.sizeBytes)],
    ['timeline', `${number}, to its end; a new one from there`],
    ['vault', vaultText(vault)],
  ];
}

/** Configuration is compared, never written: what is here may hold the credentials of this host. */
function vaultText({ version, configuration }: ViewOf<'restore-from-mirror'>['vault']): string {
  if (version === null) return 'none';
  if (configuration.length === 0) return `${version}; its configuration is here`;
  const told = configuration.slice(0, 12).map((one) => `${plain(one.path)} ${one.is}`);
  return `${version}; not as there: ${told.join(', ')}${configuration.length > 12 ? ', …' : ''}`;
}

function ways({ streaming, archiver }: RebaselineView['protection']): string {
  const all = [...(streaming ? ['receive-wal'] : []), ...(archiver ? ['archive_command'] : [])];
  return all.join(' and ') || 'nothing that Barman is configured for';
}

function rebaselineSubject({ protection, slots }: RebaselineView): Lines {
  return [
    ['WAL comes by', ways(protection)],
    ["Barman's slot", slots.barman === null ? (protection.slotName ?? 'none') : slot(slots.barman)],
    ['other slots', slots.others.length === 0 ? null : slots.others.map(slot).join('; ')],
  ];
}

function slot({ name, active, retainedBytes, walStatus }: RebaselineView['slots']['others'][number]): string {
  const kept = retainedBytes === null ? 'keeps nothing' : `keeps ${bytes(retainedBytes)}`;
  return `${plain(name)}: ${active ? 'in use' : 'not in use'}, ${kept}${walStatus === null ? '' : ` (${plain(walStatus)})`}`;
}

function heldText({ newestCommit }: Pick<ViewOf<'mirror'>['holds'], 'newestCommit'>, now: number): string {
  if (newestCommit === null) return 'no commit is known yet';
  return `every commit up to ${newestCommit.xid} of ${exactInstant(newestCommit.time)} (${ago(newestCommit.time, now)})`;
}

function about(plan: PlanView): string {
  if (plan.scenario === 'mirror') return plan.holds.newestCommit?.lsn ?? '';
  if ('backup' in plan) return plan.backup.id;
  if ('kept' in plan) return plan.kept.plan;
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
  if (plan.scenario === 'undo' || plan.scenario === 'accept') {
    const run = plan.scenario === 'undo' ? plan.undoes : plan.accepts;
    const body = acknowledged(plan);
    return [{ say: 'plan again', method: 'POST', path: `/v1/runs/${run}/${plan.scenario}`, body: { options: body } }];
  }
  const target = 'target' in plan ? { target: plan.target } : {};
  const body = { server: plan.server, scenario: plan.scenario, ...target, options: acknowledged(plan) };
  return [{ say: 'plan again', method: 'POST', path: '/v1/plans', body }];
}

/** The options that would get past the findings to confirm; blocking ones must be remedied first. */
function acknowledged(plan: PlanView): object {
  const confirm = plan.findings.filter((one) => one.severity === 'confirm').map((one) => one.code);
  const options = { ...(plan.options as Readonly<Record<string, unknown>>) };
  return confirm.length === 0 ? options : { ...options, acknowledge: confirm };
}
