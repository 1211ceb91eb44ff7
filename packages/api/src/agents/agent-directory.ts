import { importPublicKey, publicJwkSchema, thumbprint } from '@barback/shared/wire/keys.ts';
import type { SigningKey } from '@barback/shared/wire/jws.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { eq } from 'drizzle-orm';
import { appendEvent } from '../audit/append-event.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/database.ts';
import { servers } from '../db/schema.ts';
import { write } from '../db/write.ts';
import type { AgentClient, AgentDirectory } from './agent-client.ts';
import { openAgentTransport } from './agent-transport.ts';
import { openAgentClient } from './open-agent-client.ts';
import type { Pinned } from './verify-receipt.ts';

type ServerRow = typeof servers.$inferSelect;

export interface DirectoryOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly instanceId: string;
  readonly signingKey: SigningKey;
}

/** The agents of the enrolled servers; a client is made anew when its server's row has changed. */
export function createAgentDirectory(options: DirectoryOptions): AgentDirectory {
  const clients = new Map<string, { identity: string; client: AgentClient }>();
  return {
    client(name) {
      const row = options.database.orm.select().from(servers).where(eq(servers.name, name)).get();
      if (!row) throw new ProblemError('unknown-server', `there is no server ${name}`, { next: 'GET /v1/servers' });
      const identity = JSON.stringify([row.agentUrl, row.agentId, row.agentKey, row.certificate]);
      const known = clients.get(name);
      if (known?.identity === identity) return known.client;
      void known?.client.close();
      const client = clientOf(row, options);
      clients.set(name, { identity, client });
      return client;
    },
    async close() {
      await Promise.all([...clients.values()].map(({ client }) => client.close()));
    },
  };
}

function clientOf(row: ServerRow, { database, clock, instanceId, signingKey }: DirectoryOptions): AgentClient {
  let pinned: Promise<Pinned> | undefined;
  return openAgentClient({
    server: row.name,
    transport: openAgentTransport(row.name, row.agentUrl, row.certificate),
    pinned: () => (pinned ??= pinnedOf(row, instanceId)),
    signingKey,
    clock,
    report(type, data, context) {
      const { plan = null, run = null, step = null, attempt = null } = context;
      const actor = { kind: 'engine', id: 'barback-api' } as const;
      write(database, (tx) =>
        appendEvent(tx, { type, at: clock.now(), actor, server: row.name, plan, run, step, attempt, data }),
      );
    },
  });
}

async function pinnedOf(row: ServerRow, instanceId: string): Promise<Pinned> {
  const jwk = publicJwkSchema.parse(JSON.parse(row.agentKey));
  const keys = new Map([[await thumbprint(jwk), await importPublicKey(jwk)]]);
  return { keys, agentId: row.agentId, instanceId };
}
