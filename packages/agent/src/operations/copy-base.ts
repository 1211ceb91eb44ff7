import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { recoverArguments } from '../barman/argv.ts';
import { parseBarmanOutput } from '../barman/output.ts';
import { judgeRecover, relevantWarnings } from '../barman/recover.ts';
import { treeBytes } from '../system/directory-tree.ts';
import { whileCopyingAhead } from './copy-ahead.ts';
import type { CopyHomes } from './copy-homes.ts';
import { execute } from './execute.ts';
import type { Call, Host } from './handler.ts';
import { whileReporting } from './report-bytes.ts';
import { barmanProgram } from './run-barman.ts';
import { scratchUser, type ScratchPlace } from './scratch-place.ts';

export interface BaseWork {
  readonly host: Host;
  readonly place: ScratchPlace;
  readonly homes: CopyHomes;
  readonly params: Params<'scratch-recover'>;
  readonly call: Call;
}

export interface BaseBackup {
  readonly backup: Backup;
  /** Barman's directory of it. */
  readonly stored: string;
  readonly barmanVersion: string;
}

/** The base backup as `barman recover` makes it, with what can be copied ahead of it. */
export async function copyBase(
  { host, place, homes, params, call }: BaseWork,
  { backup, stored, barmanVersion: version }: BaseBackup,
): Promise<Pick<Result<'scratch-recover'>, 'bytes' | 'seconds' | 'warnings'>> {
  const args = recoverArguments({
    server: host.server.barman.server,
    backupId: params.backupId,
    timeline: params.timeline,
    jobs: params.jobs,
    bandwidthKBps: params.bandwidthKBps,
    tablespaces: homes.tablespaces,
    destination: place.pgdata,
  });
  const barman = barmanProgram(host.server, args, 48 * 3_600_000);
  const environment = { ...barman.environment, TMPDIR: place.temporary };
  const program = { ...barman, environment, background: true };
  const ahead = { backup, stored, place, homes, bandwidthKBps: params.bandwidthKBps, user: scratchUser(host) };
  const report = (bytes: number) => call.progress('base backup', bytes, params.expectBytes);
  const outcome = await whileReporting(
    () => scratchBytes(place, homes),
    report,
    () => whileCopyingAhead(ahead, call, (signal) => execute(program, signal)),
  );
  if (outcome.stdout.trim() === '') {
    throw new ProblemError('barman-failed', `barman recover printed nothing: ${outcome.stderr.slice(-500)}`, {
      facts: { exitCode: outcome.exitCode, signal: outcome.signal },
    });
  }
  const output = parseBarmanOutput(outcome.stdout, version);
  const verdict = judgeRecover(outcome.exitCode, output, version);
  for (const line of output.info) call.log(line);
  if (verdict.ok) {
    const bytes = await scratchBytes(place, homes);
    report(bytes);
    return {
      bytes,
      seconds: verdict.seconds,
      warnings: relevantWarnings(verdict.warnings),
    };
  }
  throw new ProblemError('barman-failed', `barman recover failed: ${verdict.reason}`, {
    next: "look at Barman's log file",
    facts: { exitCode: outcome.exitCode, errors: [...output.errors] },
  });
}

async function scratchBytes(place: ScratchPlace, homes: CopyHomes): Promise<number> {
  const sizes = [place.pgdata, ...homes.tablespaces.map((one) => one.directory)].map(treeBytes);
  return (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0);
}
