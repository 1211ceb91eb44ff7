import { ProblemError } from '@barback/shared/wire/problem.ts';
import { parseInstant } from '@barback/shared/postgres/instant.ts';
import type { z } from 'zod';
import type { PlainImportConfig, StandbyImportConfig } from '../import-config.ts';
import { importPsqlArgv, type Conninfo } from '../postgres/import-argv.ts';
import { monotonicMs, nowMicros } from '../system/clock.ts';
import type { Program } from '../system/program.ts';
import { execute, failure } from './execute.ts';
import type { Call, Host } from './handler.ts';
import { scratchUser } from './scratch-place.ts';

interface Source<C> {
  readonly host: Host;
  readonly name: string;
  readonly config: C;
}

export type ServerSource = Source<StandbyImportConfig>;
export type PlainSource = Source<PlainImportConfig>;
export type ImportSource = ServerSource | PlainSource;

export function isPlain(source: ImportSource): source is PlainSource {
  return 'file' in source.config;
}

/** The source that the configuration has by this name. */
export function importOf(host: Host, name: string): ImportSource {
  const { imports } = host.server;
  const config = Object.hasOwn(imports, name) ? imports[name] : undefined;
  if (config) return 'file' in config ? { host, name, config } : { host, name, config };
  const known = Object.keys(imports).join(', ');
  throw new ProblemError(
    'import-refused',
    `the agent's configuration has no import ${name} of the server ${host.serverName}, ${known === '' ? 'and no other' : `only ${known}`}`,
    { next: "describe it under imports of the server in the agent's configuration, and start the executor again" },
  );
}

/** Where the dump comes from. */
export function sourceOf({ config }: ServerSource): Conninfo {
  const { host, port, database, role, caFile = null } = config;
  return { host, port, database, role, caFile };
}

/** The fresh database, entered as the role that loads: what a dump holds is never executed with more rights than that one has. */
export function freshOf({ host, config }: ImportSource, database: string): Conninfo {
  const { socketDirectory, port } = host.server.postgres;
  return { host: config.into.host ?? socketDirectory, port, database, role: config.into.role, caFile: null };
}

/** Refuses a source whose time is over. */
export function requireValid({ name, config: { validUntil } }: ImportSource): void {
  if (validUntil === undefined) return;
  const end = parseInstant(`${validUntil}T23:59:59.999999Z`);
  if (!end.ok || nowMicros() <= end.micros) return;
  throw new ProblemError('import-refused', `the import ${name} was valid until ${validUntil}`, {
    next: 'Nothing was changed. If the source still is what it is said to be, set validUntil anew.',
  });
}

export type Side = 'source' | 'into';

/** Runs a program of PostgreSQL as Barman's user, which can write nothing of live's. */
export function importProgram(
  { host, config }: ImportSource,
  side: Side,
  work: Pick<Program, 'argv' | 'timeoutMs'> &
    Partial<Pick<Program, 'stdin' | 'stdinFd' | 'background' | 'environment'>>,
): Program {
  const ofSource = 'file' in config ? undefined : config.passwordFile;
  const passwordFile = side === 'source' ? ofSource : config.into.passwordFile;
  return {
    ...work,
    user: scratchUser(host),
    environment: { ...work.environment, ...(passwordFile === undefined ? {} : { PGPASSFILE: passwordFile }) },
    outputBytesMax: 64 * 1024 * 1024,
  };
}

const answerMs = 60_000;

/** Asks the source one statement that returns one JSON value, or runs a script. */
export async function askSource(source: ServerSource, sql: string, call: Pick<Call, 'signal'>): Promise<string> {
  const argv = importPsqlArgv(source.host.server.postgres.binDirectory, sourceOf(source));
  const program = importProgram(source, 'source', { argv, stdin: sql, timeoutMs: answerMs });
  const outcome = await execute(program, call.signal);
  if (outcome.exitCode === 0) return outcome.stdout;
  // psql: 2 means that there was no connection, or that it was lost.
  if (outcome.exitCode !== 2) throw failure(program, outcome, 'import-failed');
  throw unreachable(source, outcome.stderr.trim().slice(-500));
}

export async function askSourceJson<T extends z.ZodType>(
  source: ServerSource,
  sql: string,
  schema: T,
  call: Pick<Call, 'signal'>,
): Promise<z.infer<T>> {
  const text = await askSource(source, `SET search_path = pg_catalog;\n${sql}`, call);
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new ProblemError('import-failed', `cannot read an answer of the source: ${parsed.error.issues[0]?.message}`);
}

export function unreachable({ name, config }: ServerSource, words: string): ProblemError {
  return new ProblemError('source-unreachable', `the source of the import ${name} does not answer: ${words}`, {
    next: "Nothing was changed. Look whether this host is among the source's trusted addresses, and at role, passwordFile (0600, Barman's user) and caFile.",
    facts: { host: config.host, port: config.port, database: config.database, role: config.role },
  });
}

/** Refuses when the role cannot enter the database. */
export async function enterAsRole(source: ImportSource, database: string, call: Call): Promise<void> {
  const argv = importPsqlArgv(source.host.server.postgres.binDirectory, freshOf(source, database));
  const program = importProgram(source, 'into', { argv, stdin: 'SELECT 1;\n', timeoutMs: 30_000 });
  const outcome = await execute(program, call.signal);
  if (outcome.exitCode !== 0) throw failure(program, outcome, 'import-failed');
}

export const secondsSince = (startedAt: number): number => (monotonicMs() - startedAt) / 1000;
