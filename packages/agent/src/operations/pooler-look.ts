import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Handler } from './handler.ts';
import { poolerOf, show, type Pooler } from './pooler-console.ts';
import { pooledDatabases, type PooledDatabase } from './pooler-databases.ts';

export const poolerLook: Handler<'pooler-look'> = {
  async perform(host, { pooler: name }, call) {
    const pooler = poolerOf(host, name);
    const version = (await show(pooler, 'VERSION', ['version'], call.signal))[0]?.version ?? '';
    const databases = await pooledDatabases(pooler, call.signal);
    const refusal = refusalOf(pooler, databases);
    if (refusal) throw refusal;
    return { version, databases: databases.map((one) => ({ name: one.name, host: one.host, port: one.port })) };
  },
};

function refusalOf(pooler: Pooler, databases: readonly PooledDatabase[]): ProblemError | undefined {
  const { name, config, host } = pooler;
  const missing = config.databases.filter((wanted) => !databases.some((one) => one.name === wanted));
  if (missing.length > 0) {
    return refused(
      `PgBouncer ${name} has no database ${missing.join(', ')}`,
      'correct the databases of the pooler in the configuration of the agent',
    );
  }
  const elsewhere = databases.find((one) => one.port !== host.server.postgres.port);
  if (elsewhere) {
    const { port } = host.server.postgres;
    return refused(
      `PgBouncer ${name} sends ${elsewhere.name} to port ${elsewhere.port}, and the server ${host.serverName} listens on ${port}`,
      'list only databases of this server in the configuration of the agent',
    );
  }
  const held = databases.filter((one) => one.paused);
  if (held.length > 0) {
    return refused(
      `PgBouncer ${name} holds ${held.map((one) => one.name).join(', ')} already`,
      'find out who paused it; RESUME it, or do what was meant to be done, then try again',
    );
  }
  return undefined;
}

function refused(detail: string, next: string): ProblemError {
  return new ProblemError('application-refused', detail, { next });
}
