import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { proverOf } from '@barback/api/agents/prove-agent.ts';
import { createAgentDirectory } from '@barback/api/agents/agent-directory.ts';
import { createApp } from '@barback/api/app.ts';
import { systemClock, type Clock } from '@barback/api/clock.ts';
import { readApiConfig } from '@barback/api/config.ts';
import { openDatabase } from '@barback/api/db/open-database.ts';
import { noOutside } from '@barback/api/engine/testing/no-outside.ts';
import { createEngine } from '@barback/api/engine/engine.ts';
import { instanceId, readSigningKey } from '@barback/api/keys/instance.ts';
import { openIntegrations } from '@barback/api/integrations/integrations.ts';
import { openSecrets } from '@barback/api/integrations/secrets.ts';
import { noOffsite } from '@barback/api/offsite/offsite-keeper.ts';
import { createWalIndexer } from '@barback/api/wal-index/wal-indexer.ts';
import { importSigningKey } from '@barback/shared/wire/keys.ts';
import type { Lab } from '../lab/lab.ts';
import type { PlanBody } from './barback-client.ts';

/** An api in this process, with its own clock, that speaks to the lab's real agent as the lab's api does. */
export interface ApiOverLab {
  planDrill(target: object, options?: object): Promise<PlanBody>;
  close(): Promise<void>;
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Opens it over a copy of the lab's database: the enrolment and the keys are in it. */
export async function apiOverLab(lab: Lab, clock: Clock): Promise<ApiOverLab> {
  const config = readApiConfig(path.join(lab.dir, 'api', 'api.yaml'));
  const directory = await mkdtemp('/var/tmp/barback-api-');
  const copy = path.join(directory, 'api.db');
  const original = openDatabase({ path: config.database, clock: systemClock });
  original.sqlite.exec(`VACUUM INTO '${copy}'`);
  original.close();
  const database = openDatabase({ path: copy, clock });
  const signingKey = await importSigningKey(readSigningKey(config.signingKeyFile));
  const identity = { database, clock, instanceId: instanceId(config, database, clock.now()) };
  const agents = createAgentDirectory({ ...identity, signingKey });
  const engine = createEngine({ ...identity, agents, log: quiet, outside: noOutside });
  const index = createWalIndexer({ ...identity, agents, log: quiet, everyMs: 0 });
  const integrations = openIntegrations({ secrets: openSecrets(config.secrets), clock });
  const app = createApp({
    ...engine.deps,
    planHours: config.planHours,
    index,
    integrations,
    offsite: noOffsite,
    prove: proverOf({ ...identity, signingKey }),
    channels: config.notify,
  });
  return {
    async planDrill(target, options = {}) {
      const response = await app.request('/v1/plans', {
        method: 'POST',
        headers: { authorization: `Bearer ${lab.api.keys.operator}`, 'content-type': 'application/json' },
        body: JSON.stringify({ server: lab.server, scenario: 'drill', target, options }),
      });
      if (response.status !== 201) throw new Error(`cannot plan: ${response.status} ${await response.text()}`);
      return (await response.json()) as PlanBody;
    },
    async close() {
      await index.stop();
      await integrations.close();
      await engine.stop();
      await agents.close();
      database.close();
      await rm(directory, { recursive: true });
    },
  };
}
