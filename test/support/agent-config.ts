import { readFile, writeFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import type { Lab } from '../lab/lab.ts';
import { killProgram, startProgram } from '../lab/programs.ts';

/** The parts of the agent's configuration that tests change, as an operator would with an editor. */
interface ServerPart {
  preloadLibraries?: string[];
  poolers?: Record<string, object>;
  mirror?: object;
  imports?: Record<string, object>;
  scratch: { freeBytesFloor: number; directory?: string };
  postgres: { dataDirectory: string; hbaFile?: string };
}

/** Changes the server's part of the configuration of the lab's agent, and starts its executor with it. */
export async function configureAgent(lab: Lab, change: (server: ServerPart) => void): Promise<void> {
  const file = lab.agent.configFile;
  const config = parse(await readFile(file, 'utf8')) as { servers: { main: ServerPart } };
  change(config.servers.main);
  await writeFile(file, stringify(config));
  await killProgram(lab, 'executor');
  await startProgram(lab, 'executor');
}
