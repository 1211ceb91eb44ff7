import { namesMax, type ContentFacts, type Named } from '@barback/shared/operations/content-facts.ts';
import { z } from 'zod';
import { askIfAnswering } from './ask-live.ts';
import type { Call, Host } from './handler.ts';
import type { LiveFacts } from './live-facts.ts';

/** Each database costs one connection. */
const databasesMax = 100;

const namedSchema = z.strictObject({ count: z.int(), names: z.array(z.string()) });

/** Prepared transactions and subscriptions of every database are seen from any of them. */
const clusterSchema = z.strictObject({ preparedTransactions: namedSchema, subscriptions: namedSchema });
const databaseSchema = z.strictObject({ unloggedTables: namedSchema, publications: namedSchema });

function named(name: string, from: string): string {
  return `(SELECT json_build_object('count', count(*), 'names', coalesce((array_agg(name ORDER BY name))[1:${namesMax}], '{}'))
    FROM (SELECT ${name} AS name FROM ${from}) named)`;
}

const clusterSql = `SELECT json_build_object(
  'preparedTransactions', ${named(`format('%s (database %s)', gid, database)`, 'pg_prepared_xacts')},
  'subscriptions', ${named(`format('%s.%s', datname, subname)`, 'pg_subscription JOIN pg_database d ON d.oid = subdbid')});`;

/** Ordinary tables, and the materialized views that were made from such. */
const databaseSql = `SELECT json_build_object(
  'unloggedTables', ${named(
    `format('%s.%s.%s', current_database(), nspname, relname)`,
    `pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relpersistence = 'u' AND relkind IN ('r', 'm')`,
  )},
  'publications', ${named(`format('%s.%s', current_database(), pubname)`, 'pg_publication')});`;

/** What of live's content a copy will not have in the same state; null while live does not answer. */
export async function readContentFacts(host: Host, live: LiveFacts['live'], call: Call): Promise<ContentFacts | null> {
  if (live === null) return null;
  const cluster = await askIfAnswering(host, { sql: clusterSql }, clusterSchema, call);
  if (cluster === null) return null;
  const databases = live.databases.slice(0, databasesMax);
  const found: z.infer<typeof databaseSchema>[] = [];
  for (const { name } of databases) {
    const one = await askIfAnswering(host, { sql: databaseSql, database: name }, databaseSchema, call);
    if (one) found.push(one);
  }
  return {
    ...cluster,
    unloggedTables: together(found.map((one) => one.unloggedTables)),
    publications: together(found.map((one) => one.publications)),
    databasesLeftOut: live.databases.length - found.length,
  };
}

function together(parts: readonly Named[]): Named {
  return {
    count: parts.reduce((total, part) => total + part.count, 0),
    names: parts.flatMap((part) => part.names).slice(0, namesMax),
  };
}
