import { expect } from 'vitest';
import { archiveWal, listBackups, waitForCleanCheck } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { runDrill, type RunBody } from './barback-client.ts';
import { cutoverOf } from './cutover-client.ts';

const newestNote = { name: 'newest note', database: 'system', sql: 'SELECT text FROM notes ORDER BY id DESC LIMIT 1' };

/** Rows of a table of its own, each its own commit. */
export async function note(lab: Lab, text: string): Promise<void> {
  await sql(lab.postgres, 'CREATE TABLE IF NOT EXISTS notes (id serial PRIMARY KEY, text text NOT NULL)');
  await sql(lab.postgres, `INSERT INTO notes (text) VALUES ('${text}')`);
}

export async function notes(lab: Lab): Promise<string[]> {
  return (await sql(lab.postgres, 'SELECT text FROM notes ORDER BY id')).split('\n').filter((one) => one !== '');
}

/** Notes `kept`, and answers the target that has it as its last transaction. */
export async function targetBehind(lab: Lab, kept: string): Promise<object> {
  await note(lab, kept);
  const xid = Number(await sql(lab.postgres, `SELECT xmin FROM notes WHERE text = '${kept}'`));
  return { type: 'xid', xid, inclusive: true };
}

/** Criterion 4: what a restore of live, or its undo, leaves protects what comes after it. */
export async function expectProtected(lab: Lab, run: RunBody, streams: boolean): Promise<void> {
  const { backup, checkPassed } = cutoverOf(run);
  expect(checkPassed).toBe(true);
  expect((await listBackups(lab.barman)).find((one) => one.id === backup?.backupId)?.status).toBe('DONE');
  expect(await isStreaming(lab.postgres)).toBe(streams);
  await waitForCleanCheck(lab.barman);
  const text = `behind run ${run.id}`;
  await note(lab, text);
  // Where nothing streams, Barman gets it only with its segment.
  await archiveWal(lab);
  const drill = await runDrill(lab, { type: 'latest' }, { probes: [newestNote] });
  expect(drill.state, JSON.stringify(drill.problem)).toBe('succeeded');
  expect(drill.result?.probes[0]?.rows).toEqual([{ text }]);
}
