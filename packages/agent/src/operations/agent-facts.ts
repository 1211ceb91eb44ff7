import { readFence } from '../executor/fence.ts';
import { agentVersion } from '../version.ts';
import type { Handler } from './handler.ts';

export const agentFacts: Handler<'agent-facts'> = {
  async perform({ config, serverName }) {
    const kind = Object.hasOwn(config.servers, serverName) ? ('database' as const) : ('provisioner' as const);
    return { agentVersion, kind, fence: await readFence(config.stateDirectory, serverName) };
  },
};
