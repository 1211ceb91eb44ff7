import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { openBox, type Box } from './box.ts';
import { settledLab, type SettledOptions } from './settled-lab.ts';

export interface MirrorScene {
  readonly lab: Lab;
  readonly box: Box;
  readonly stop: () => Promise<void>;
}

/** A lab with a box, and a table whose rows are told apart by their transactions. */
export async function mirrorScene(options: SettledOptions = {}): Promise<MirrorScene> {
  const { lab, stop } = await settledLab(options);
  try {
    const box = await openBox(lab);
    await sql(lab.postgres, 'CREATE TABLE marks (xid bigint)');
    return { lab, box, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function mark(lab: Lab): Promise<string> {
  return sql(lab.postgres, 'INSERT INTO marks VALUES (pg_current_xact_id()::text::bigint) RETURNING xid');
}

/** Every file of the mirror below a directory. */
export async function filesOfMirror(box: Box, directory: string): Promise<string[]> {
  const all = await readdir(path.join(box.mirror, directory), { recursive: true, withFileTypes: true });
  return all.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name));
}
