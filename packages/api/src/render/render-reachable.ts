import type { ReachableView } from '../targets/reachable-view.ts';
import { fields, page, section } from './layout.ts';
import { nextActions, type NextAction } from './next-actions.ts';
import { describeTarget, stopFields } from './render-stop.ts';
import { describeProblem } from './render-run.ts';
import { ago, duration, exactInstant, instant } from './units.ts';

type Answer = ReachableView['answers'][number];

/** Yes with everything about it, all branches, or no with what can be had instead. */
export function renderReachable(view: ReachableView, now: number): string {
  return page(
    fields([
      ['reachable', verdicts[view.reachable]],
      ['server', view.server],
      ['target', describeTarget(view.target)],
      ['because', view.reason?.detail ?? null],
      ['do', view.next],
      ['nearest before', nearest(view.before, now)],
      ['nearest after', nearest(view.after, now)],
      ['observed', view.observedAt === null ? 'never yet' : instant(view.observedAt, now)],
    ]),
    ...view.answers.map((answer) => renderAnswer(answer, now)),
    view.problem === null ? null : section('problem', describeProblem(view.problem)),
    nextActions(actions(view)),
  );
}

const verdicts: Readonly<Record<ReachableView['reachable'], string>> = {
  yes: 'yes',
  ambiguous: 'on several branches: say which is meant',
  no: 'no',
};

function renderAnswer(answer: Answer, now: number): string {
  const { lost, backup } = answer;
  return fields([
    ['backup', `${backup.id}, ended ${instant(backup.endTime, now)}`],
    ...stopFields(answer.stop, now),
    ['timeline', `${answer.timeline}${answer.stop.abandoned ? ', which a later restore gave up' : ''}`],
    ['live would lose', lostText(lost)],
  ]);
}

function lostText(lost: Answer['lost']): string {
  if (lost === null) return 'not known: its WAL cannot be read';
  const { transactions, seconds } = lost;
  if (transactions === 0) return 'nothing that Barman holds';
  return `${transactions} transactions${seconds === null ? '' : `, the last ${duration(seconds)}`}`;
}

function nearest(one: ReachableView['before'], now: number): string | null {
  if (one === null) return null;
  const place = one.time === null ? one.lsn : `${exactInstant(one.time)} (${ago(one.time, now)})`;
  return `${place}: ${JSON.stringify(one.target)}${one.backup === null ? '' : ` of backup ${one.backup}`}`;
}

/** A drill of each answer, or of what can be had instead. */
function actions({ server, answers, before, after }: ReachableView): NextAction[] {
  const instead = [before, after].filter((one) => one !== null);
  const bodies = [
    ...answers.map(({ target }) => ({ server, scenario: 'drill', target })),
    ...instead.map(({ target, backup }) => ({
      server,
      scenario: 'drill',
      target,
      ...(backup === null ? {} : { backup }),
    })),
  ];
  return [
    ...bodies.map((body) => ({ say: 'plan a drill of it', method: 'POST' as const, path: '/v1/plans', body })),
    { say: 'everything that can be restored', path: `/v1/servers/${server}/window.txt` },
  ];
}
