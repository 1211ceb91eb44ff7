import type { DrillPhases, DrillResult } from '../scenarios/drill-result.ts';
import { fields, page, section, table } from './layout.ts';
import { bytes, duration, exactInstant } from './units.ts';

/** What a drill proved, as far as it got. */
export function renderDrillResult(result: DrillResult): string {
  return page(
    section('proof', proof(result)),
    section('phases', phases(result)),
    section('tables', tables(result)),
    section('differences from live besides rows', differences(result)),
    section('probes', probes(result)),
  );
}

function proof(result: DrillResult): string {
  return fields([
    ['  backup', result.backupId],
    ['  timeline', result.timeline === null ? null : String(result.timeline)],
    ['  manifest', manifest(result)],
    ['  last transaction kept', transaction(result.lastReplayed)],
    ['  first transaction left out', transaction(result.firstSkipped)],
    ['  PostgreSQL said', result.evidence],
    ['  copied', result.bytes === null ? null : bytes(result.bytes)],
    ['  measured RTO', result.rtoSeconds === null ? null : duration(result.rtoSeconds)],
    ['  measured RPO', result.rpoSeconds === null ? null : `at most ${duration(result.rpoSeconds)}`],
    [
      '  amcheck',
      result.amcheck === null ? null : `${result.amcheck.relations} relations of ${result.amcheck.databases} databases`,
    ],
  ]);
}

function manifest({ manifest: state, manifestFiles }: DrillResult): string | null {
  if (state === null) return null;
  return state === 'verified' ? `verified, ${manifestFiles ?? 0} files` : 'absent: the backup has none';
}

function transaction(one: DrillResult['lastReplayed']): string | null {
  return one === null ? null : `${one.xid} at ${one.lsn}, committed ${exactInstant(one.time)}`;
}

const phaseNames: Record<keyof DrillPhases, string> = {
  recover: 'recover',
  verifyManifest: 'verify manifest',
  start: 'start',
  replay: 'replay',
  probe: 'probe',
  promote: 'promote',
  amcheck: 'amcheck',
};

function phases({ phases: all }: DrillResult): string {
  return fields(
    (Object.keys(phaseNames) as (keyof DrillPhases)[]).map((name) => {
      const seconds = all[name];
      return [`  ${phaseNames[name]}`, seconds === null ? null : duration(seconds)] as const;
    }),
  );
}

/** The tables with the greatest loss first; without a comparison just the counts. */
function tables(result: DrillResult): string {
  if (result.comparison.length === 0) {
    if (result.tables.length === 0) return '';
    const rows = result.tables
      .slice(0, 30)
      .map((one) => [`  ${one.database}.${one.schema}.${one.table}`, count(one.rows)]);
    return table(['  TABLE', 'ROWS'], rows);
  }
  const worst = result.comparison.toSorted((a, b) => (b.lossPercent ?? 0) - (a.lossPercent ?? 0)).slice(0, 30);
  return table(
    ['  TABLE', 'ROWS', 'LIVE', 'LAST DRILL', 'LOST', 'NOTE'],
    worst.map((one) => [
      `  ${one.database}.${one.schema}.${one.table}`,
      count(one.rows),
      count(one.live),
      count(one.previous),
      one.lossPercent === null ? '-' : `${one.lossPercent} %`,
      one.note ?? '',
    ]),
  );
}

/** Drills of earlier versions compared rows alone. */
function differences(result: DrillResult): string {
  const found = (result as Partial<DrillResult>).differences;
  if (!found || found.count === 0) return '';
  const shown = found.differences.slice(0, 30);
  const rows = shown.map(({ what, name, copy, live }) => [`  ${what}`, name, copy ?? '-', live ?? '-']);
  if (found.count > shown.length) rows.push(['  …', `${found.count - shown.length} more`, '', '']);
  return table(['  WHAT', 'NAME', 'COPY', 'LIVE'], rows);
}

function count(rows: number | null): string {
  return rows === null ? '-' : String(rows);
}

function probes({ probes: all }: DrillResult): string {
  if (all.length === 0) return '';
  return table(
    ['  PROBE', 'OK', 'ANSWER'],
    all.map((one) => [`  ${one.name}`, one.ok ? 'yes' : 'NO', one.error ?? JSON.stringify(one.rows?.[0] ?? null)]),
  );
}
