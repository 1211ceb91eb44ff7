import type { Report } from '../runs/run-report.ts';
import { fields, page, section, table } from './layout.ts';
import { plain } from './plain.ts';
import { renderResult } from './render-result.ts';
import { describeProblem } from './render-run.ts';
import { duration, instant } from './units.ts';

/** The post-mortem, to be kept: what was asked, who agreed, what was done, what it proved. */
export function renderReport(report: Report, now: number): string {
  const { run, plan } = report;
  return page(
    `report of run ${run.id}: ${run.scenario} of ${run.server}, ${run.state}`,
    fields([
      [
        'database',
        `${run.liveDatabase}${run.liveDatabaseAt === null ? '' : `, observed ${instant(run.liveDatabaseAt, now)}`}`,
      ],
      ['started', instant(run.startedAt, now)],
      ['finished', instant(run.finishedAt, now)],
      ['started by', personOf(report, run.startedBy)],
      ['plan', `${plan.id}, hash ${plan.hash}`],
      ['target', 'target' in plan ? JSON.stringify(plan.target) : null],
      ['RTO', measure(report.rto)],
      ['RPO', measure(report.rpo)],
      ['took', against(report.comparison.seconds)],
      ['outage', against(report.comparison.outageSeconds)],
      ['undone', undone(report.comparison.undone)],
      [
        'audit log',
        report.auditHead === null
          ? null
          : `${report.auditHead.log}, head ${report.auditHead.seq}:${report.auditHead.leaf}`,
      ],
    ]),
    run.problem === null ? null : section('problem', describeProblem(run.problem)),
    renderResult(run),
    section(
      'approvals',
      plan.approvals.given.map(({ key, at }) => `  ${personOf(report, key)}, ${instant(at, now)}\n`).join(''),
    ),
    section(
      'findings of the plan',
      plan.findings.map(({ severity, title }) => `  ${severity}: ${plain(title)}\n`).join(''),
    ),
    section('operations', operations(report)),
    section('timeline', timeline(report)),
  );
}

function measure({ objectiveSeconds, measuredSeconds, met }: Report['rto']): string | null {
  if (measuredSeconds === null && objectiveSeconds === null) return null;
  const measured = measuredSeconds === null ? 'not measured' : `${duration(measuredSeconds)} measured`;
  const objective = objectiveSeconds === null ? 'no objective' : `objective ${duration(objectiveSeconds)}`;
  return `${measured}, ${objective}${met === null ? '' : met ? ': met' : ': MISSED'}`;
}

function against({ planned, actual }: Report['comparison']['seconds']): string | null {
  if (actual === null) return null;
  return `${duration(actual)}, ${planned === null ? 'no prediction' : `${duration(planned)} planned`}`;
}

function undone(lost: Report['comparison']['undone']): string | null {
  return lost === null ? null : `${lost.transactions} transactions when it was planned; all of them stay recoverable`;
}

function operations(report: Report): string {
  return table(
    // Last what may be long: whole it is in the plan's document and in the JSON of this report.
    ['  STARTED', 'STEP', 'OPERATION', 'TRY', 'OUTCOME', 'RECEIPT', 'PARAMS'],
    report.operations.map((one) => [
      `  ${one.startedAt.slice(11, 23)}`,
      one.direction === 'inverse' ? `(${one.step})` : one.step,
      one.operation ?? '',
      String(one.attempt),
      one.outcome ?? 'under way',
      one.receipt?.slice(0, 12) ?? '',
      shortened(JSON.stringify(one.params)),
    ]),
  );
}

function personOf({ people }: Report, id: string): string {
  const name = people[id];
  return name === undefined ? id : `${plain(name)} (${id})`;
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

function timeline(report: Report): string {
  return table(
    ['  TIME (UTC)', 'EVENT', 'STEP', 'BY'],
    report.timeline.map((event) => [
      `  ${event.at.slice(0, 23).replace('T', ' ')}`,
      event.type,
      event.step ?? '',
      event.actor.kind === 'key' ? `key ${personOf(report, event.actor.id)}` : event.actor.kind,
    ]),
  );
}
