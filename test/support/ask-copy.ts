import { readConfig } from '@barback/agent/config.ts';
import { scratchPlace, scratchPort, scratchUser } from '@barback/agent/operations/scratch-place.ts';
import type { Lab } from '../lab/lab.ts';
import { psqlArgv } from '../lab/psql.ts';
import { asUser, mustRun } from '../lab/run-command.ts';

/** Runs SQL in the copy of a plan as its superuser, as somebody does who has found its socket. */
export async function askCopy(lab: Lab, plan: string, text: string): Promise<string> {
  const config = readConfig(lab.agent.configFile);
  const server = config.servers[lab.server];
  if (server === undefined) throw new Error(`cannot find ${lab.server} in ${lab.agent.configFile}`);
  const host = { config, serverName: lab.server, server };
  const argv = psqlArgv({ ...lab.postgres, host: scratchPlace(host, plan).socket, port: scratchPort });
  return mustRun(asUser(scratchUser(host) ?? undefined, [...argv, '-f', '-']), { input: text });
}
