import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openAgentTransport } from '@barback/api/agents/agent-transport.ts';
import { openAgentClient } from '@barback/api/agents/open-agent-client.ts';
import type { AgentClient } from '@barback/api/agents/agent-client.ts';
import { systemClock } from '@barback/api/clock.ts';
import { readSigningKey } from '@barback/api/keys/instance.ts';
import { importPublicKey, importSigningKey, publicJwkSchema, thumbprint } from '@barback/shared/wire/keys.ts';
import { parse } from 'yaml';
import type { Lab } from '../lab/lab.ts';

/** The api's own client of the lab's agent, with the api's own key, so that a step's price is measured without the api around it. */
export async function signedAgent(lab: Lab): Promise<AgentClient> {
  const agentDir = path.join(lab.dir, 'agent');
  const config = parse(await readFile(lab.agent.configFile, 'utf8')) as { id: string; apis: { id: string }[] };
  const jwk = publicJwkSchema.parse(JSON.parse(await readFile(path.join(agentDir, 'agent-key.json'), 'utf8')));
  const keys = new Map([[await thumbprint(jwk), await importPublicKey(jwk)]]);
  const certificate = await readFile(path.join(agentDir, 'certificate.pem'), 'utf8');
  const signingKey = await importSigningKey(readSigningKey(path.join(lab.dir, 'api', 'signing-key.json')));
  return openAgentClient({
    server: lab.server,
    transport: openAgentTransport(lab.server, lab.agent.url, certificate),
    pinned: async () => ({ keys, agentId: config.id, instanceId: config.apis[0]?.id ?? '' }),
    signingKey,
    clock: systemClock,
    report: () => undefined,
  });
}
