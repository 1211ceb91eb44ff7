import type { ScheduleView } from '../schedules/schedule-view.ts';
import { fields, page, section, table } from './layout.ts';
import { nextActions } from './next-actions.ts';
import { describeProblem } from './render-run.ts';
import { instant } from './units.ts';

/** One line per schedule: when it comes next, and how it went last. */
export function renderSchedules(view: { readonly schedules: readonly ScheduleView[] }, now: number): string {
  if (view.schedules.length === 0) return 'no schedules: POST /v1/schedules makes one\n';
  return table(
    ['SCHEDULE', 'SERVER', 'NAME', 'WHAT', 'WHEN', 'NEXT', 'LAST', 'ENDED'],
    view.schedules.map((one) => [
      one.id,
      one.definition.server,
      one.definition.name,
      what(one),
      `${one.definition.cron} ${one.definition.timeZone}`,
      one.next === null ? 'paused' : instant(one.next.startsAt, now),
      one.firings[0]?.state ?? '-',
      instant(one.firings[0]?.finishedAt ?? null, now),
    ]),
  );
}

/** What comes next, and what came. */
export function renderSchedule(one: ScheduleView, now: number): string {
  const { definition, firings } = one;
  const { quiet, jitterMinutes, cron, timeZone } = definition;
  const problem = firings[0]?.problem ?? null;
  return page(
    fields([
      ['schedule', `${one.id}: ${definition.name} of ${definition.server}`],
      ['what', what(one)],
      ['when', `${cron} ${timeZone}${jitterMinutes === 0 ? '' : `, up to ${jitterMinutes} minutes later`}`],
      ['quiet', quiet.length === 0 ? null : quiet.map(({ from, to }) => `${from} to ${to}`).join(', ')],
      ['next', one.next === null ? 'paused' : instant(one.next.startsAt, now)],
    ]),
    problem === null ? null : section('problem', describeProblem(problem)),
    section('what came', firings.length === 0 ? '' : past(firings, now)),
    nextActions([
      ...(one.links['lastRun'] === undefined ? [] : [{ say: 'its newest run', path: `${one.links['lastRun']}.txt` }]),
      { say: 'carry it out now', method: 'POST', path: `${one.links['self']}/firings` },
      { say: 'all schedules', path: '/v1/schedules.txt' },
    ]),
  );
}

function what({ definition }: ScheduleView): string {
  return definition.scenario === 'drill' ? `drill to ${definition.target.type}` : definition.scenario;
}

function past(firings: ScheduleView['firings'], now: number): string {
  return table(
    ['  DUE', 'STATE', 'RUN', 'ENDED', 'STANDS FOR', 'STOPPED FOR A RESTORE'],
    firings.map((one) => [
      `  ${instant(one.dueAt, now)}`,
      one.state,
      one.run ?? '-',
      instant(one.finishedAt, now),
      one.merged === 0 ? '-' : `${one.merged} more`,
      one.preempted === 0 ? '-' : String(one.preempted),
    ]),
  );
}
