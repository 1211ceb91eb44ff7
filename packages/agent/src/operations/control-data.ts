import { controlDataArgv } from '../postgres/argv.ts';
import { parseControlData, type ControlData } from '../postgres/control-data.ts';
import { executeOk } from './execute.ts';
import type { Host } from './handler.ts';

/** `pg_controldata` of a data directory, read as the user who owns it. */
export async function readControlData(
  host: Host,
  dataDirectory: string,
  user: string | null,
  signal: AbortSignal,
): Promise<ControlData> {
  const argv = controlDataArgv(host.server.postgres.binDirectory, dataDirectory);
  const outcome = await executeOk({ argv, user, timeoutMs: 30_000 }, signal, 'postgres-failed');
  return parseControlData(outcome.stdout);
}
