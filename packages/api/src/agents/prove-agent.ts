import type { ServerKind } from '@barback/shared/operations/agent-facts.ts';
import { importPublicKey, publicJwkSchema, thumbprint } from '@barback/shared/wire/keys.ts';
import type { SigningKey } from '@barback/shared/wire/jws.ts';
import type { Clock } from '../clock.ts';
import { openAgentTransport } from './agent-transport.ts';
import { openAgentClient } from './open-agent-client.ts';

/** An agent that is not enrolled yet. */
export interface Candidate {
  /** The server that it works on. */
  readonly name: string;
  readonly agentUrl: string;
  readonly agentId: string;
  readonly agentKey: string;
  readonly certificate: string;
}

/** What an agent said of itself under its key. */
export interface Proven {
  readonly version: string;
  /** The newest plan that it has given this server to; null: it never has. */
  readonly heldBy: string | null;
  readonly kind: ServerKind;
}

export type Prove = (candidate: Candidate, sub: string) => Promise<Proven>;

/** One question and its receipt prove that each side has the key that the other expects. */
export function proverOf(own: {
  readonly instanceId: string;
  readonly signingKey: SigningKey;
  readonly clock: Clock;
}): Prove {
  const { instanceId, signingKey, clock } = own;
  return async ({ name, agentUrl, agentId, agentKey, certificate }, sub) => {
    const jwk = publicJwkSchema.parse(JSON.parse(agentKey));
    const keys = new Map([[await thumbprint(jwk), await importPublicKey(jwk)]]);
    const client = openAgentClient({
      server: name,
      transport: openAgentTransport(name, agentUrl, certificate),
      pinned: async () => ({ keys, agentId, instanceId }),
      signingKey,
      clock,
      report: () => undefined,
    });
    try {
      const { agentVersion, fence, kind } = (await client.call('agent-facts', { server: name }, { sub })).result;
      return { version: agentVersion, heldBy: fence.plan, kind };
    } finally {
      await client.close();
    }
  };
}
