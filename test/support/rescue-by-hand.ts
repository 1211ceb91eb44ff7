import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../lab/lab.ts';

/** The command line of the agent's own program for a night without an api, as root types it. */
export async function rescueArgv({ dir, agent: { configFile } }: Lab, verb: string): Promise<string[]> {
  const programs = JSON.parse(await readFile(path.join(dir, 'programs.json'), 'utf8')) as { executor: string[] };
  const [node = '', agent = ''] = programs.executor;
  return [node, agent, 'rescue', verb, '--server', 'main', '--config', configFile];
}
