import type { Lsn } from '@barback/shared/postgres/lsn.ts';

/** One line of the server log that says how a recovery goes (PostgreSQL 13–18, lc_messages=C). */
export type RecoveryEvent =
  | { readonly is: 'redo-started'; readonly lsn: Lsn }
  | { readonly is: 'restored'; readonly file: string }
  | { readonly is: 'replayed'; readonly lsn: Lsn }
  | { readonly is: 'consistent'; readonly lsn: Lsn }
  | { readonly is: 'read-only' }
  | { readonly is: 'stopping'; readonly line: string; readonly xid: number | null; readonly lsn: Lsn | null }
  | { readonly is: 'pausing-at-target' }
  | { readonly is: 'paused-for-parameters' }
  | { readonly is: 'parameter-too-low'; readonly message: string }
  | { readonly is: 'target-not-reached' }
  | { readonly is: 'redo-done'; readonly lsn: Lsn }
  | { readonly is: 'new-timeline'; readonly timeline: number }
  | { readonly is: 'recovery-complete'; readonly line: string }
  | { readonly is: 'ready' }
  | { readonly is: 'fatal'; readonly severity: 'FATAL' | 'PANIC'; readonly message: string };

type Rule = readonly [RegExp, (match: RegExpExecArray, line: string) => RecoveryEvent];

const lsn = '([0-9A-F]+/[0-9A-F]+)';

const rules: readonly Rule[] = [
  [new RegExp(`^redo starts at ${lsn}`), (m) => ({ is: 'redo-started', lsn: m[1] ?? '' })],
  [/^restored log file "([^"]+)" from archive/, (m) => ({ is: 'restored', file: m[1] ?? '' })],
  [new RegExp(`^redo in progress, .*current LSN: ${lsn}`), (m) => ({ is: 'replayed', lsn: m[1] ?? '' })],
  [new RegExp(`^consistent recovery state reached at ${lsn}`), (m) => ({ is: 'consistent', lsn: m[1] ?? '' })],
  [/^database system is ready to accept read-only connections/, () => ({ is: 'read-only' })],
  [
    /^recovery stopping (?:(?:before|after) (?:(?:commit|abort) of (?:prepared )?transaction (\d+)|WAL location \(LSN\) "([0-9A-F]+\/[0-9A-F]+)"|reaching consistency)|at restore point)/,
    (m, line) => ({ is: 'stopping', line, xid: m[1] === undefined ? null : Number(m[1]), lsn: m[2] ?? null }),
  ],
  [/^pausing at the end of recovery/, () => ({ is: 'pausing-at-target' })],
  [/^recovery has paused/, () => ({ is: 'paused-for-parameters' })],
  [new RegExp(`^redo done at ${lsn}`), (m) => ({ is: 'redo-done', lsn: m[1] ?? '' })],
  [/^selected new timeline ID: (\d+)/, (m) => ({ is: 'new-timeline', timeline: Number(m[1]) })],
  [/^archive recovery complete/, (_, line) => ({ is: 'recovery-complete', line })],
  [/^database system is ready to accept connections/, () => ({ is: 'ready' })],
];

/** What a log line with the prefix `%m [%p] ` says; undefined when it says nothing about recovery. */
export function parseRecoveryLine(line: string): RecoveryEvent | undefined {
  const match = /^\d{4}-\d{2}-\d{2} [\d:.]+ UTC \[\d+\] ([A-Z]+): {2}(.*)$/.exec(line);
  const severity = match?.[1];
  const message = match?.[2] ?? '';
  if (severity === 'FATAL' || severity === 'PANIC') {
    if (message.startsWith('recovery ended before configured recovery target')) return { is: 'target-not-reached' };
    return { is: 'fatal', severity, message };
  }
  if (severity === 'DETAIL' && / is a lower setting than on the primary server/.test(message)) {
    return { is: 'parameter-too-low', message };
  }
  if (severity !== 'LOG') return undefined;
  for (const [pattern, make] of rules) {
    const found = pattern.exec(message);
    if (found) return make(found, message);
  }
  return undefined;
}
