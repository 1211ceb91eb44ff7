import { ProblemError } from '@barback/shared/wire/problem.ts';
import { executeOk } from './execute.ts';
import type { Host } from './handler.ts';

/** The version that `postgres --version` of the configured binaries prints: "postgres (PostgreSQL) 15.18 (Debian …)". */
function parseBinariesVersion(text: string): { version: string; major: number } | undefined {
  const match = /\(PostgreSQL\) ((\d+)[.\w]*)/.exec(text);
  return match ? { version: match[1] ?? '', major: Number(match[2]) } : undefined;
}

export async function binariesVersion(host: Host, signal: AbortSignal): Promise<{ version: string; major: number }> {
  const argv = [`${host.server.postgres.binDirectory}/postgres`, '--version'];
  const outcome = await executeOk({ argv, user: null, timeoutMs: 15_000 }, signal, 'postgres-failed');
  const version = parseBinariesVersion(outcome.stdout);
  if (version) return version;
  throw new ProblemError(
    'unsupported-version',
    `cannot read the version of ${argv[0]}: ${outcome.stdout.slice(0, 100)}`,
  );
}
