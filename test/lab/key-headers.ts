import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from './lab.ts';

/** Writes each API key as a header line that curl reads with `-H @FILE`, so that no key is ever an argument. */
export async function writeKeyHeaders(lab: Lab): Promise<void> {
  const directory = path.join(lab.dir, 'keys');
  await mkdir(directory, { mode: 0o700 });
  for (const [role, key] of Object.entries(lab.api.keys)) {
    await writeFile(path.join(directory, `${role}.header`), `Authorization: Bearer ${key}\n`, { mode: 0o600 });
  }
}
