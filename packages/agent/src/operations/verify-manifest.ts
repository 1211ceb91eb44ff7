import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { manifestTotals, parseVerifyBackup } from '../postgres/verify-backup.ts';
import { kindOf } from '../system/directory-tree.ts';
import { ioBytes, markedProcesses } from '../system/process-table.ts';
import { execute, executeOk, failure } from './execute.ts';
import type { Call, Host } from './handler.ts';
import { whileReporting } from './report-bytes.ts';
import { scratchUser } from './scratch-place.ts';

export interface ToVerify {
  readonly host: Host;
  readonly backupId: string;
  readonly manifest: string;
  /** pg_verifybackup over the files. */
  readonly argv: readonly string[];
}

const marker = 'BARBACK_VERIFY';

/** Compares files with the manifest of their backup, as the user who may read both; `absent` when there is no manifest. */
export async function verifyManifest(
  { host, backupId, manifest, argv }: ToVerify,
  call: Call,
): Promise<Result<'scratch-verify-manifest'>> {
  const user = scratchUser(host);
  if ((await kindOf(manifest)) !== 'file') return { manifest: 'absent', files: 0, bytes: 0 };
  const text = await executeOk(
    { argv: ['/usr/bin/cat', '--', manifest], user, timeoutMs: 600_000, outputBytesMax: 1024 ** 3 },
    call.signal,
    'postgres-failed',
  );
  const totals = manifestTotals(text.stdout);
  const environment = { [marker]: call.opid };
  const program = { argv, user, environment, background: true, timeoutMs: 24 * 3_600_000 };
  const measure = async () => (await ioBytes(await markedProcesses(marker, call.opid))).read;
  const report = (bytes: number) => call.progress('manifest', Math.min(bytes, totals.bytes), totals.bytes);
  const outcome = await whileReporting(measure, report, () => execute(program, call.signal));
  const differences = parseVerifyBackup(outcome.stderr);
  if (differences.length > 0) throw mismatch(backupId, differences);
  if (outcome.exitCode !== 0) throw failure(program, outcome, 'postgres-failed');
  return { manifest: 'verified' as const, ...totals };
}

function mismatch(backupId: string, differences: readonly { file: string; problem: string }[]): ProblemError {
  const first = differences[0];
  const more = differences.length > 1 ? ` and ${differences.length - 1} more` : '';
  return new ProblemError(
    'manifest-mismatch',
    `${differences.length} files of backup ${backupId} differ from its manifest: ${first?.problem}${more}`,
    {
      next: 'the backup is damaged: use another one, and find out since when (disk, controller, a stray write)',
      facts: { files: differences.slice(0, 100).map((one) => one.file), count: differences.length },
    },
  );
}
