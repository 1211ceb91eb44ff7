import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { auditVerifier } from '@barback/shared/audit/verify.ts';
import { exportEvents } from '../audit/export-events.ts';
import type { Database } from './database.ts';

export interface Intact {
  readonly log: string;
  readonly events: number;
  /** Number and hash of the newest event. */
  readonly head: string;
}

/**
 * A copy of the whole database as it is at one instant, also while an api writes to it (SQLite's online backup). It appears under its
 * name complete and on disk, or not at all. The quick check leaves out the indexes, for a process that has requests to answer.
 */
export async function copyDatabase(
  from: Database,
  to: string,
  check: 'integrity_check' | 'quick_check' = 'integrity_check',
): Promise<void> {
  const temporary = `${to}.unfinished`;
  rmSync(temporary, { force: true });
  // Nobody else may read it meanwhile: SQLite makes new files as the umask says.
  closeSync(openSync(temporary, 'wx', 0o600));
  await from.sqlite.backup(temporary);
  const copy = new Sqlite(temporary);
  try {
    // A copy of a WAL database is one: without this, its first reader would leave two more files beside it.
    copy.pragma('journal_mode = DELETE');
    const found = copy.pragma(`${check}(1)`, { simple: true });
    if (found !== 'ok') throw new Error(`cannot copy the database ${from.path}: the copy is damaged: ${String(found)}`);
  } finally {
    copy.close();
  }
  syncFile(temporary);
  renameSync(temporary, to);
  syncFile(path.dirname(to));
}

/** Reads the whole audit log; throws with what is wrong with it. */
export function requireIntactLog(database: Database): Intact {
  const verifier = auditVerifier();
  for (const line of exportEvents(database)) verifier.add(line.trimEnd());
  const verdict = verifier.finish();
  if (!verdict.ok) throw new Error(`the audit log of ${database.path} is NOT intact: ${verdict.reason}`);
  return { log: verdict.log, events: verdict.events, head: `${verdict.head.seq}:${verdict.head.leaf}` };
}

function syncFile(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
