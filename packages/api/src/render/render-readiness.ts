import type { CurrentFinding, Readiness } from '../readiness/readiness-view.ts';
import { fields, page, section, table } from './layout.ts';
import { nextActions } from './next-actions.ts';
import { plain } from './plain.ts';
import { bytes, duration, instant } from './units.ts';

/** What is wrong, how long a restore would take now, and what was proven when. */
export function renderReadiness(view: Readiness, now: number): string {
  const { restoreNow, rpoNow, drills } = view;
  return page(
    fields([
      ['server', view.server],
      ['restore now', predictedText(restoreNow?.seconds ?? null, restoreNow?.objectiveSeconds ?? null)],
      [
        'of which',
        restoreNow === null
          ? null
          : `${bytes(restoreNow.copyBytes)} to copy${aboutSeconds(restoreNow.copySeconds)}, ${bytes(restoreNow.replayBytes)} of WAL to replay${aboutSeconds(restoreNow.replaySeconds)}`,
      ],
      ['lost now', lost(rpoNow)],
    ]),
    section('findings', renderFindings(view.findings, now)),
    section('drills', drills.length === 0 ? '' : history(drills, now)),
    nextActions([
      ...(drills[0] === undefined ? [] : [{ say: 'the newest drill', path: `/v1/runs/${drills[0].run}/report.txt` }]),
      { say: 'schedules', path: `/v1/schedules.txt?server=${view.server}` },
    ]),
  );
}

/** One block per finding; empty when there is none. */
export function renderFindings(findings: readonly CurrentFinding[], now: number): string {
  return findings
    .map((one) => {
      const since = one.since === null ? '' : ` (since ${instant(one.since, now)})`;
      return `  ${one.severity.toUpperCase()} ${plain(one.title)}${since}\n    ${plain(one.detail)}\n  -> ${plain(one.remedy)}\n`;
    })
    .join('');
}

type Predicted = NonNullable<Readiness['restoreNow']>['seconds'];

function predictedText(seconds: Predicted, objective: number | null): string {
  const goal = objective === null ? '' : `; the objective is ${duration(objective)}`;
  if (seconds === null) return `not known below three drills${goal}`;
  return `about ${duration(seconds.median)}, ${duration(seconds.min)} to ${duration(seconds.max)}${goal}`;
}

function aboutSeconds(seconds: Predicted): string {
  return seconds === null ? '' : ` (about ${duration(seconds.median)})`;
}

function lost({ newestCommitAgeSeconds, commitsNotHeld, objectiveSeconds }: Readiness['rpoNow']): string {
  const goal = objectiveSeconds === null ? '' : `; the objective is ${duration(objectiveSeconds)}`;
  if (commitsNotHeld === null || newestCommitAgeSeconds === null) return `not known while live does not answer${goal}`;
  if (commitsNotHeld === 0) return `nothing: Barman has every commit of live${goal}`;
  return `${commitsNotHeld} commits; Barman's newest is ${duration(newestCommitAgeSeconds)} old${goal}`;
}

function history(drills: Readiness['drills'], now: number): string {
  return table(
    ['  ENDED', 'STATE', 'TARGET', 'RTO', 'COPY', 'REPLAY', 'COPIED', 'MANIFEST', 'TABLES', 'LOSS', 'RUN'],
    drills.map((one) => [
      `  ${instant(one.finishedAt, now)}`,
      one.state,
      one.target,
      seconds(one.rtoSeconds),
      seconds(one.phases.recover),
      seconds(one.phases.replay),
      one.bytes === null ? '-' : bytes(one.bytes),
      one.proof.manifest ?? '-',
      String(one.proof.tables),
      one.lossPercentMax === null ? '-' : `${one.lossPercentMax.toFixed(1)} %`,
      one.run,
    ]),
  );
}

function seconds(value: number | null): string {
  return value === null ? '-' : duration(value);
}
