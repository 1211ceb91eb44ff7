import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import type { Lab } from '../lab/lab.ts';
import { killProgram, startProgram } from '../lab/programs.ts';

export function apiConfigFile(lab: Lab): string {
  return path.join(lab.dir, 'api', 'api.yaml');
}

/** Changes the configuration of the lab's api, and starts it with that. */
export async function configureApi(lab: Lab, more: object): Promise<void> {
  const file = apiConfigFile(lab);
  const config = parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, stringify({ ...config, ...more }));
  await killProgram(lab, 'api', 'SIGTERM');
  await startProgram(lab, 'api');
}
