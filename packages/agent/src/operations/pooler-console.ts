import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { ServerConfig } from '../config.ts';
import { consoleArgv, showRows } from '../pgbouncer/console.ts';
import type { Program } from '../system/program.ts';
import { execute } from './execute.ts';
import type { Host } from './handler.ts';

export interface Pooler {
  readonly host: Host;
  readonly name: string;
  readonly config: ServerConfig['poolers'][string];
}

/** Of every command but PAUSE, which waits for clients. */
const answerMs = 15_000;

/** The pooler that the configuration has by this name. */
export function poolerOf(host: Host, name: string): Pooler {
  const { poolers } = host.server;
  // A name such as `constructor` is no key of ours, and every object answers to it.
  const config = Object.hasOwn(poolers, name) ? poolers[name] : undefined;
  if (config) return { host, name, config };
  const known = Object.keys(poolers).join(', ');
  throw new ProblemError(
    'application-refused',
    `the agent's configuration has no pooler ${name} of the server ${host.serverName}, ${known === '' ? 'and no other' : `only ${known}`}`,
    {
      next: 'describe it under poolers in the configuration of the agent, or correct the name in the settings of the server',
    },
  );
}

/** Runs one command of the console; PAUSE takes as long as clients are busy, so its limit is the caller's. */
export async function command(
  pooler: Pooler,
  text: string,
  signal: AbortSignal,
  timeoutMs = answerMs,
): Promise<string> {
  const outcome = await execute(consoleProgram(pooler, text, timeoutMs), signal);
  if (outcome.exitCode === 0) return outcome.stdout;
  const words = outcome.stderr.trim().slice(-500);
  // psql: 2 means that there was no connection, or that it was lost; 3 that the console refused a command.
  if (outcome.exitCode === 2) {
    throw new ProblemError('application-unreachable', `PgBouncer ${pooler.name} does not answer: ${words}`, {
      next: 'look whether it runs, and whether the role of the configuration is one of its admin_users',
    });
  }
  throw new ProblemError('application-failed', `PgBouncer ${pooler.name} refused ${text}: ${words}`, {
    facts: { exitCode: outcome.exitCode, command: text },
  });
}

function consoleProgram({ host, config }: Pooler, text: string, timeoutMs: number): Program {
  const { binDirectory, user } = host.server.postgres;
  return {
    argv: consoleArgv({ ...config, binDirectory, caFile: config.caFile ?? null }),
    user: config.user ?? user ?? null,
    environment: {
      PGCONNECT_TIMEOUT: '10',
      ...(config.passwordFile === undefined ? {} : { PGPASSFILE: config.passwordFile }),
    },
    stdin: `${text};\n`,
    timeoutMs,
    outputBytesMax: 1024 * 1024,
  };
}

/** The columns of a SHOW; what this version does not print as expected is no guess but a failure. */
export async function show<C extends string>(
  pooler: Pooler,
  what: string,
  columns: readonly C[],
  signal: AbortSignal,
): Promise<Record<C, string>[]> {
  const text = await command(pooler, `SHOW ${what}`, signal);
  try {
    return showRows(text, columns);
  } catch (error) {
    throw new ProblemError('application-failed', error instanceof Error ? error.message : String(error), {
      next: 'Barback reads what PgBouncer 1.18 prints and later versions add to: use one of them, or stop the application in another way',
      facts: { output: text.slice(0, 500) },
    });
  }
}
