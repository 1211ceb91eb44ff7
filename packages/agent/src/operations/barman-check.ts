import { checkArguments } from '../barman/argv.ts';
import { parseCheck } from '../barman/check.ts';
import type { Handler } from './handler.ts';
import { requireBarman, runBarmanJson } from './run-barman.ts';

/** `check` ends with 1 when a check fails (3.4.0): the JSON decides, not the exit code. */
export const barmanCheck: Handler<'barman-check'> = {
  async perform(host, _params, call) {
    const version = await requireBarman(host.server, call.signal);
    const name = host.server.barman.server;
    const output = await runBarmanJson(host.server, checkArguments(name), version, call.signal);
    const checks = parseCheck(output, name, version.text);
    return { ok: checks.every((one) => one.ok), checks };
  },
};
