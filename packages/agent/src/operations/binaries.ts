import { ProblemError } from '@barback/shared/wire/problem.ts';
import { executeOk } from './execute.ts';
import type { Host } from './handler.ts';
import { ProgramAnswers } from './program-answers.ts';

interface BinariesVersion {
  readonly version: string;
  readonly major: number;
}

/** The version that `postgres --version` of the configured binaries prints: "postgres (PostgreSQL) 15.18 (Debian …)". */
function parseBinariesVersion(text: string): BinariesVersion | undefined {
  const match = /\(PostgreSQL\) ((\d+)[.\w]*)/.exec(text);
  return match ? { version: match[1] ?? '', major: Number(match[2]) } : undefined;
}

const versions = new ProgramAnswers<BinariesVersion>();

export async function binariesVersion(host: Host, signal: AbortSignal): Promise<BinariesVersion> {
  const program = `${host.server.postgres.binDirectory}/postgres`;
  return versions.of(program, [program], async () => {
    const outcome = await executeOk(
      { argv: [program, '--version'], user: null, timeoutMs: 15_000 },
      signal,
      'postgres-failed',
    );
    const version = parseBinariesVersion(outcome.stdout);
    if (version) return version;
    throw new ProblemError(
      'unsupported-version',
      `cannot read the version of ${program}: ${outcome.stdout.slice(0, 100)}`,
    );
  });
}
