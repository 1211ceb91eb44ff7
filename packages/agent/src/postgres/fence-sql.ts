import { literal } from './sql-quote.ts';

/** Roles that a fence lets in, as people write them. */
export interface LetIn {
  /** Through the socket only. */
  readonly local: readonly string[];
  readonly anywhere: readonly string[];
}

/** Of a new session: when the configuration was read that it began with, and what is wrong with the rules as they are in the file. */
export const loadedSql = `SELECT json_build_object('loadedAt', (extract(epoch FROM pg_conf_load_time()) * 1000000)::int8,
  'hbaFile', current_setting('hba_file'),
  'faults', (SELECT coalesce(json_agg(format('line %s: %s', line_number, error)), '[]') FROM pg_hba_file_rules WHERE error IS NOT NULL));`;

/**
 * Whoever can write and is not let in: clients, and walsenders that have a database (logical replication and whoever asked for
 * replication=database run SQL). Physical standbys stay: they only read WAL, and a clean stop gives them all of it.
 */
function foreign({ local, anywhere }: LetIn): string {
  const isLetIn = [
    ...(anywhere.length === 0 ? [] : [`usename IN (${anywhere.map(literal).join(', ')})`]),
    ...(local.length === 0 ? [] : [`usename IN (${local.map(literal).join(', ')}) AND client_addr IS NULL`]),
  ];
  return `(backend_type = 'client backend' OR backend_type = 'walsender' AND datid IS NOT NULL)
    AND pid <> pg_backend_pid() AND NOT coalesce(${isLetIn.map((one) => `(${one})`).join(' OR ') || 'false'}, false)`;
}

const session = `'pid', pid, 'role', usename, 'application', coalesce(application_name, '')`;

/** Those that are there, each told to end, and the numbers of all whom PostgreSQL knows. */
export function endSessionsSql(letIn: LetIn): string {
  return `WITH there AS MATERIALIZED (SELECT pid, usename, application_name, pg_terminate_backend(pid) AS told
      FROM pg_stat_activity WHERE ${foreign(letIn)})
    SELECT json_build_object(
      'there', (SELECT coalesce(json_agg(json_build_object(${session}) ORDER BY pid), '[]') FROM there WHERE told IS NOT NULL),
      'known', (SELECT json_agg(pid) FROM pg_stat_activity));`;
}

/** Who is connected besides those let in, counted. */
export function sessionCountsSql(letIn: LetIn): string {
  return `SELECT coalesce(json_agg(json_build_object('role', role, 'application', application, 'count', count)), '[]') FROM (
    SELECT coalesce(usename, '?') AS role, coalesce(application_name, '') AS application, count(*) FROM pg_stat_activity
    WHERE ${foreign(letIn)} GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 50) AS counted;`;
}

/** How many clients are connected as a role, as JSON. */
export function sessionsOfRoleSql(role: string): string {
  return `SELECT to_json(count(*)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename = ${literal(role)};`;
}
