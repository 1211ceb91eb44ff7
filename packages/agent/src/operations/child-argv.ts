import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** How to start a child of our own program. In the sources main.ts lies beside this folder; in a bundle this file is the bundle itself. */
export function childArgv(command: 'query' | 'wal'): string[] {
  const here = fileURLToPath(import.meta.url);
  const program = here.endsWith('.ts') ? path.join(path.dirname(here), '..', 'main.ts') : here;
  return [process.execPath, program, command];
}
