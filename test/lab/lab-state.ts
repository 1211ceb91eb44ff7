import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const LabState = z.strictObject({
  kind: z.literal('barback-lab'),
  /** Seven characters, a letter first; part of every name the lab leaves outside its directory. */
  id: z.string().regex(/^b[0-9a-f]{6}$/),
  dir: z.string(),
  /** Effective user id that made the lab; another user cannot take it down. */
  uid: z.number().int(),
  users: z.array(z.string()),
  cluster: z.strictObject({ version: z.number().int(), name: z.string() }).nullable(),
  /** Directory for sockets outside `dir`, where `dir` is too long for a socket's path. */
  outsideSocketDir: z.string().nullable(),
});

/** What `labDown` must know; each field is written before the effect it describes. */
export type LabState = z.infer<typeof LabState>;

/** A state with a fresh id and no effects. */
export function newLabState(dir: string): LabState {
  const id = `b${randomBytes(3).toString('hex')}`;
  return {
    kind: 'barback-lab',
    id,
    dir,
    uid: process.geteuid?.() ?? 0,
    users: [],
    cluster: null,
    outsideSocketDir: null,
  };
}

/** Where the state of the lab in `dir` is kept. */
export function stateFile(dir: string): string {
  return path.join(dir, 'state.json');
}

/** The state of the lab in `dir`, or undefined where there is none. */
export async function readLabState(dir: string): Promise<LabState | undefined> {
  const text = await readFile(stateFile(dir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  return text === undefined ? undefined : LabState.parse(JSON.parse(text));
}

/** Replaces the recorded state. */
export async function writeLabState(state: LabState): Promise<void> {
  const file = stateFile(state.dir);
  await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${file}.new`, file);
}
