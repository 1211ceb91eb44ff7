import type {
  ExchangeResult,
  ImportAcceptResult,
  ImportUndoResult,
  StandbyImportResult,
} from '../scenarios/import-result.ts';
import { fields, page, section, table } from './layout.ts';
import { plain } from './plain.ts';
import { bytes, duration, exactInstant } from './units.ts';

/** What came from where, what it lacks of live, and how the names were exchanged. */
export function renderStandbyImportResult(result: StandbyImportResult): string {
  const { backup, exchange } = result;
  const saved = backup === null ? null : `  ${backup.backupId}, DONE, ${bytes(backup.sizeBytes ?? 0)}\n`;
  return page(
    section('imported', imported(result)),
    section('rows', result.load === null ? '' : renderImportedRows(result.load)),
    names(exchange),
    section('backup', saved ?? ''),
  );
}

function imported({ dump, load }: StandbyImportResult): string {
  if (dump === null) return '';
  return fields([
    ['  as of', dump.snapshotAt === null ? 'not said by a plain dump' : exactInstant(dump.snapshotAt)],
    ['  source', `${dump.tables} tables, ${dump.rows} rows, ${dump.sequences} sequences`],
    ['  dump', `${bytes(dump.bytes)} in ${duration(dump.seconds)}`],
    [
      '  loaded',
      load === null
        ? null
        : `${load.rows} rows, ${bytes(load.sizeBytes)} in ${duration(load.seconds)}: as the source had them`,
    ],
    ['  left out', load === null || load.leftOut.length === 0 ? null : load.leftOut.map(plain).join('; ')],
  ]);
}

const rowsMax = 20;

/** Those that differ come first. */
export function renderImportedRows(load: NonNullable<StandbyImportResult['load']>): string {
  const lines = [
    ...load.compared.map((one) => [one.table, String(one.imported), one.live === null ? '-' : String(one.live)]),
    ...load.onlyLive.map((one) => [one.table, '-', one.rows === null ? '?' : String(one.rows)]),
  ];
  return table(
    ['  TABLE', 'IMPORTED', 'LIVE'],
    lines.slice(0, rowsMax).map(([name = '', ...counts]) => [`  ${plain(name)}`, ...counts]),
  );
}

export function renderImportUndoResult({ exchange }: ImportUndoResult): string {
  return page(names(exchange));
}

function names({ outageSeconds, kept, sessionsEnded, restorePoint, probes }: ExchangeResult): string | null {
  if (kept === null) return null;
  return section(
    'names exchanged',
    fields([
      ['  outage', outageSeconds === null ? null : duration(outageSeconds)],
      ['  kept as', plain(kept)],
      ['  sessions ended', String(sessionsEnded)],
      ['  marked before', restorePoint === null ? null : `restore point ${restorePoint}`],
      [
        '  probes',
        probes.length === 0 ? null : probes.map((one) => `${plain(one.name)} ${one.ok ? 'ok' : 'failed'}`).join(', '),
      ],
    ]),
  );
}

export function renderImportAcceptResult({ dropped }: ImportAcceptResult): string {
  if (dropped === null) return '';
  return dropped.name === null
    ? 'it was dropped before\n'
    : `dropped ${plain(dropped.name)}: ${bytes(dropped.freedBytes)} are free\n`;
}
