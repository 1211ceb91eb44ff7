import type { WindowView } from '../window/window-schema.ts';
import { fields, page, section, table } from './layout.ts';
import { nextActions, type NextAction } from './next-actions.ts';
import { describeProblem } from './render-run.ts';
import { ago, bytes, duration, exactInstant, instant } from './units.ts';

/** What can be restored, and what cannot; then what to ask next. */
export function renderWindow(view: WindowView, now: number): string {
  return page(
    fields([
      ['server', view.server],
      ['observed', view.observedAt === null ? 'never yet' : instant(view.observedAt, now)],
      ['database', database(view)],
      ['earliest', earliest(view, now)],
      ['latest', commit(view.latest, now)],
      ['RPO now', rpo(view)],
      ['index', index(view)],
    ]),
    view.problem === null ? null : section('problem', describeProblem(view.problem)),
    section('window', intervals(view)),
    section('holes', holes(view)),
    section('timelines', timelines(view)),
    section('restore points', restorePoints(view)),
    section('backups that cannot be restored', unusable(view)),
    section('replication slots', slots(view)),
    nextActions([
      ...(view.latest === null
        ? []
        : [
            {
              say: 'whether one instant can be reached, and what would be there',
              path: `/v1/servers/${view.server}/reachable.txt?time=${view.latest.time}`,
            },
          ]),
      { say: 'what destroyed data', path: `/v1/servers/${view.server}/transactions.txt` },
      ...remedies(view),
    ]),
  );
}

function database({ live }: WindowView): string {
  const timeline = live.timeline === null ? '' : `, timeline ${live.timeline}`;
  return live.answers
    ? `answers${timeline} at ${live.lsn}`
    : `does not answer${timeline === '' ? '' : `; last seen on${timeline.slice(1)}`}`;
}

function earliest({ earliest: first }: WindowView, now: number): string {
  if (first === null) return 'nothing can be restored';
  return `${exactInstant(first.time)} (${ago(first.time, now)}), the end of backup ${first.backup}`;
}

function commit(one: WindowView['latest'], now: number): string | null {
  return one === null
    ? null
    : `${exactInstant(one.time)} (${ago(one.time, now)}), transaction ${one.xid} at ${one.lsn}`;
}

function rpo({ rpo: { ageSeconds, notHeldBytes, notHeldCommits } }: WindowView): string | null {
  if (ageSeconds === null) return null;
  const held = `the newest commit that Barman holds is ${duration(ageSeconds)} old`;
  if (notHeldBytes === null) return held;
  return `${held}; ${bytes(notHeldBytes)} of WAL with ${notHeldCommits ?? 0} commits only live has`;
}

function index({ index: { segments, unread } }: WindowView): string {
  return unread === 0 ? `${segments} segments, all read` : `${segments} segments read, ${unread} still to read`;
}

function intervals(view: WindowView): string {
  if (view.intervals.length === 0) return '  none\n';
  return table(
    ['  TIMELINE', 'FROM', 'FROM LSN', 'LAST COMMIT', 'TO LSN', 'ENDS WITH', 'BACKUPS'],
    view.intervals.map((one) => [
      `  ${one.timeline}${one.abandoned ? ' (given up)' : ''}`,
      one.from.time === null ? 'begin of the timeline' : exactInstant(one.from.time),
      one.from.lsn,
      one.to.lastCommit === null ? '-' : exactInstant(one.to.lastCommit.time),
      one.to.lsn,
      endings[one.ends],
      one.backups.join(' '),
    ]),
  );
}

const endings: Readonly<Record<WindowView['intervals'][number]['ends'], string>> = {
  end: 'all that Barman holds',
  missing: 'missing WAL',
  unreadable: 'unreadable WAL',
  unread: 'WAL not read yet',
};

function holes(view: WindowView): string {
  if (view.holes.length === 0) return '';
  return table(
    ['  TIMELINE', 'FIRST', 'LAST', 'CAUSE', 'DETAIL'],
    view.holes.map((one) => [`  ${one.timeline}`, one.first, one.last, one.cause, one.detail]),
  );
}

function timelines(view: WindowView): string {
  if (view.timelines.length < 2) return '';
  return table(
    ['  TIMELINE', 'FROM', 'AT', "LIVE'S OWN", 'REASON'],
    view.timelines.map((one) => [
      `  ${one.timeline}`,
      one.parent === null ? '-' : String(one.parent),
      one.switchLsn ?? '-',
      one.onLivePath ? 'yes' : 'no',
      one.reason ?? '',
    ]),
  );
}

/** More of them than a screen shows are in the JSON. */
const restorePointsMax = 20;

function restorePoints(view: WindowView): string {
  if (view.restorePoints.length === 0) return '';
  const shown = view.restorePoints.slice(0, restorePointsMax);
  const left = view.restorePoints.length - shown.length;
  return [
    table(
      ['  NAME', 'TIMELINE', 'LSN'],
      shown.map((one) => [`  ${one.name}`, String(one.timeline), one.lsn]),
    ),
    left === 0 ? '' : `  and ${left} older ones: GET /v1/servers/${view.server}/window\n`,
  ].join('');
}

function unusable(view: WindowView): string {
  const refused = view.backups.filter((one) => one.reasons.length > 0);
  return refused.map((one) => fields([[`  ${one.id}`, one.reasons.join('; ')]])).join('');
}

/** More than what the next connection of a receive-wal would fetch in a moment. */
const abandonedBytesMin = 64 * 1024 ** 2;

/** Which slot is Barman's the plan finds out: it drops no other, and none that is in use. */
function remedies({ server, rpo: { slots: all } }: WindowView): readonly NextAction[] {
  const abandoned = all?.filter((one) => !one.active && (one.retainedBytes ?? 0) > abandonedBytesMin) ?? [];
  if (abandoned.length === 0) return [];
  const body = { server, scenario: 'rebaseline' };
  const say =
    "if Barman's slot ran away: drop it, make it anew and take a base backup; this leaves a hole in the window";
  return [{ say, method: 'POST', path: '/v1/runs', body }];
}

function slots({ rpo: { slots: all } }: WindowView): string {
  if (all === null || all.length === 0) return '';
  return table(
    ['  SLOT', 'IN USE', 'KEEPS'],
    all.map((one) => [
      `  ${one.name}`,
      one.active ? 'yes' : 'no',
      one.retainedBytes === null ? '-' : bytes(one.retainedBytes),
    ]),
  );
}
