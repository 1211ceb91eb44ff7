import { keyscanArgv, keysOf } from '../provision/keyscan.ts';
import { execute } from './execute.ts';
import type { Handler } from './handler.ts';
import { provisionerOf } from './provisioner.ts';

export const hostReach: Handler<'host-reach'> = {
  async perform(host, params, call) {
    const { hosts, user } = provisionerOf(host);
    const known = Object.hasOwn(hosts, params.host) ? hosts[params.host] : undefined;
    if (!known) return { ssh: null };
    const { ssh } = known;
    // Its exit code says nothing: one that nobody answers ends with 0 or 1, by version (OpenSSH 9.2 and 10.0).
    const program = { argv: keyscanArgv(ssh), user: user ?? null, timeoutMs: 30_000 };
    const keys = keysOf((await execute(program, call.signal)).stdout);
    if (keys.length === 0) return { ssh: 'silent' };
    return { ssh: keys.includes(ssh.hostKey) ? 'same' : 'other' };
  },
};
