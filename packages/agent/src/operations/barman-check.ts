import { checkArguments } from '../barman/argv.ts';
import { parseCheck } from '../barman/check.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import type { BarmanVersion } from '../barman/versions.ts';
import type { ServerConfig } from '../config.ts';
import type { Handler } from './handler.ts';
import { requireBarman, runBarmanJson } from './run-barman.ts';

/** `check` ends with 1 when a check fails (3.4.0): the JSON decides, not the exit code. */
export const barmanCheck: Handler<'barman-check'> = {
  async perform(host, _params, call) {
    return runCheck(host.server, await requireBarman(host.server, call.signal), call.signal);
  },
};

export async function runCheck(
  server: ServerConfig,
  version: BarmanVersion,
  signal: AbortSignal,
): Promise<Result<'barman-check'>> {
  const name = server.barman.server;
  const output = await runBarmanJson(server, checkArguments(name), version, signal);
  const checks = parseCheck(output, name, version.text);
  return { ok: checks.every((one) => one.ok), checks };
}
