import { readFileSync } from 'node:fs';
import path from 'node:path';
import { importSigningKey } from '@barback/shared/wire/keys.ts';
import { pino, type Logger } from 'pino';
import { createAgentDirectory } from '../agents/agent-directory.ts';
import { proverOf } from '../agents/prove-agent.ts';
import { createApp } from '../app.ts';
import { systemClock, type Clock } from '../clock.ts';
import { readApiConfig, type ApiConfig } from '../config.ts';
import type { Database } from '../db/database.ts';
import { acquireOwnerLock } from '../db/owner-lock.ts';
import { createEngine } from '../engine/engine.ts';
import { listen } from '../http/listen.ts';
import { openIntegrations } from '../integrations/integrations.ts';
import { createOutside } from '../integrations/outside.ts';
import { openSecrets } from '../integrations/secrets.ts';
import { instanceId, readSigningKey } from '../keys/instance.ts';
import { keepOffsite, noOffsite, type OffsiteKeeper } from '../offsite/offsite-keeper.ts';
import { createNotifier } from '../notify/notifier.ts';
import { watchReadiness } from '../readiness/server-watch.ts';
import { launchWith } from '../schedules/launch.ts';
import { createScheduler } from '../schedules/scheduler.ts';
import { createWalIndexer } from '../wal-index/wal-indexer.ts';
import type { Command } from './command.ts';
import { openLocal } from './open-local.ts';

export const serve: Command = {
  words: ['serve'],
  positionals: [],
  options: { config: { value: 'FILE', required: true } },
  says: 'answer requests and drive runs until SIGTERM; the first line of output is {"listening": url}',
  async run(given) {
    const file = path.resolve(given.one('config'));
    const config = readApiConfig(file);
    const log = pino({ name: 'barback-api', level: config.logLevel }, pino.destination(2));
    const api = await startApi(config, readFileSync(file, 'utf8'), log);
    process.stdout.write(`${JSON.stringify({ listening: api.url })}\n`);
    await signalled();
    log.info('stopping');
    await api.stop();
    return 0;
  },
};

/** Everything that a running api consists of, stopped in the reverse order. */
async function startApi(
  config: ApiConfig,
  configText: string,
  log: Logger,
): Promise<{ url: string; stop(): Promise<void> }> {
  const lock = acquireOwnerLock(config.database);
  const database = openLocal(config);
  const signingKey = await importSigningKey(readSigningKey(config.signingKeyFile));
  const identity = { database, clock: systemClock, instanceId: instanceId(config, database, systemClock.now()) };
  const agents = createAgentDirectory({ ...identity, signingKey });
  const integrations = openIntegrations({ secrets: openSecrets(config.secrets), clock: systemClock });
  const engine = createEngine({ ...identity, agents, log, outside: createOutside(integrations) });
  const index = createWalIndexer({ ...identity, agents, log, everyMs: config.indexSeconds * 1000 });
  const offsite = offsiteOf(config, configText, { ...identity, log });
  const routeDeps = {
    ...engine.deps,
    planHours: config.planHours,
    index,
    integrations,
    offsite,
    prove: proverOf({ ...identity, signingKey }),
    channels: config.notify,
  };
  const told = { database, integrations, log, channels: config.notify, everyMs: 1_000 };
  const notifier = createNotifier(told);
  const scheduler = createScheduler({ ...engine.deps, launch: launchWith(routeDeps) });
  const readiness = watchReadiness(engine.deps, 60_000);
  const app = createApp(routeDeps);
  const server = await listen(app.fetch, config.listen);
  engine.start();
  index.start();
  scheduler.start();
  notifier.start();
  readiness.start();
  offsite.start();
  return {
    url: server.url,
    async stop() {
      await server.close();
      await offsite.stop();
      await notifier.stop();
      await readiness.stop();
      await scheduler.stop();
      await index.stop();
      await engine.stop();
      await agents.close();
      await integrations.close();
      database.close();
      lock.release();
    },
  };
}

function offsiteOf(
  { mirror, signingKeyFile, secrets, listen: { tls } }: ApiConfig,
  configuration: string,
  { log, ...rest }: { database: Database; clock: Clock; instanceId: string; log: Logger },
): OffsiteKeeper {
  if (mirror === undefined) return noOffsite;
  const secretFiles = [signingKeyFile, ...Object.values(secrets), ...(tls === undefined ? [] : [tls.keyFile])];
  return keepOffsite({ ...rest, config: mirror, belongings: { configuration, secretFiles } }, log);
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
