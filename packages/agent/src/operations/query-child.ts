import { text } from 'node:stream/consumers';
import { Client, DatabaseError } from 'pg';
import { explainQueryError } from '../postgres/query-errors.ts';
import { dropRights } from '../system/drop-rights.ts';
import { queryRequestSchema, type QueryAnswer, type QueryRequest } from './query-request.ts';

const cellBytesMax = 4096;

/**
 * The body of `main.ts query`: one request on standard input, one answer as JSON on standard output, then the end. It gives up
 * its rights first, so that given SQL never meets a process that could do more than the scratch user.
 */
export async function runQueryChild(): Promise<void> {
  const request = queryRequestSchema.parse(JSON.parse(await text(process.stdin)));
  dropRights(request.drop);
  const answer = await query(request);
  process.stdout.write(JSON.stringify(answer));
}

async function query(request: QueryRequest): Promise<QueryAnswer> {
  const client = new Client({
    host: request.socketDirectory,
    port: request.port,
    user: request.role,
    database: request.database,
    application_name: 'barback probe',
    connectionTimeoutMillis: 15_000,
    options: [
      '-c default_transaction_read_only=on',
      `-c statement_timeout=${request.statementTimeoutMs}`,
      `-c lock_timeout=${request.lockTimeoutMs}`,
      `-c idle_in_transaction_session_timeout=${request.statementTimeoutMs}`,
    ].join(' '),
  });
  // A server that goes away while nothing is asked is told by the next question.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('BEGIN READ ONLY');
    return await fetchRows(client, request);
  } catch (error) {
    return { ok: false, error: describe(error) };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * `DECLARE CURSOR FOR` takes one SELECT, VALUES or TABLE and nothing else, and the extended protocol takes one statement: what
 * is not a single query is a syntax error of PostgreSQL itself, not of a filter that could be fooled.
 */
async function fetchRows(client: Client, request: QueryRequest): Promise<QueryAnswer> {
  const declare = {
    text: `DECLARE barback_probe NO SCROLL CURSOR WITHOUT HOLD FOR ${request.sql}`,
    queryMode: 'extended',
  };
  await client.query(declare);
  const result = await client.query({
    text: `FETCH FORWARD ${request.rowsMax + 1} FROM barback_probe`,
    rowMode: 'array',
    types: { getTypeParser: () => (value: string) => value },
  });
  const secret = (await client.query<{ name: string }>(secretsTouchedSql)).rows[0];
  if (secret) return { ok: false, error: `refused: the query reads ${secret.name}, which holds passwords` };
  const names = uniqueNames(result.fields.map((field) => field.name));
  const rows = (result.rows as (string | null)[][]).map((row) =>
    Object.fromEntries(names.map((name, index) => [name, bounded(row[index] ?? null)])),
  );
  return { ok: true, rows: rows.slice(0, request.rowsMax), more: rows.length > request.rowsMax };
}

/**
 * pg_read_all_data reads these catalogues too. The locks of the transaction name every relation that it has touched, through
 * whatever view or function (pg_roles is a view of pg_authid, so it is refused as well).
 */
const secretsTouchedSql = `SELECT c.relname AS name FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
  WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
    AND c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace
    AND c.relname IN ('pg_authid', 'pg_user_mapping', 'pg_subscription')`;

function uniqueNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}_${times}`;
  });
}

function bounded(value: string | null): string | null {
  return value !== null && value.length > cellBytesMax ? `${value.slice(0, cellBytesMax)}…` : value;
}

function describe(error: unknown): string {
  if (error instanceof DatabaseError) return explainQueryError(error.code ?? '', error.message);
  return error instanceof Error ? error.message : String(error);
}
