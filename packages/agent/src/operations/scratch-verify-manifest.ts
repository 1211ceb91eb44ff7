import { operations } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { verifyBackupArgv } from '../postgres/argv.ts';
import { manifestTotals, parseVerifyBackup } from '../postgres/verify-backup.ts';
import { kindOf } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { ioBytes, markedProcesses } from '../system/process-table.ts';
import { requirePlan } from './backup-lease.ts';
import { execute, executeOk, failure } from './execute.ts';
import type { Handler } from './handler.ts';
import { whileReporting } from './report-bytes.ts';
import { requireRecovered } from './scratch-completion.ts';
import { scratchPlace, scratchUser } from './scratch-place.ts';
import { readRecord, requireScratch } from './scratch-record.ts';

const marker = 'BARBACK_VERIFY';

export const scratchVerifyManifest: Handler<'scratch-verify-manifest'> = {
  async perform(host, params, call) {
    const place = await requireScratch(host, requirePlan(call));
    await requireRecovered(place);
    const user = scratchUser(host);
    const manifest = `${place.pgdata}/backup_manifest.${params.backupId}`;
    if ((await kindOf(manifest)) !== 'file') return { manifest: 'absent', files: 0, bytes: 0 };
    const text = await executeOk(
      { argv: ['/usr/bin/cat', '--', manifest], user, timeoutMs: 600_000, outputBytesMax: 1024 ** 3 },
      call.signal,
      'postgres-failed',
    );
    const totals = manifestTotals(text.stdout);
    const program = {
      argv: verifyBackupArgv(host.server.postgres.binDirectory, place.pgdata, params.backupId),
      user,
      environment: { [marker]: call.opid },
      background: true,
      timeoutMs: 24 * 3_600_000,
    };
    const measure = async () => (await ioBytes(await markedProcesses(marker, call.opid))).read;
    const report = (bytes: number) => call.progress('manifest', Math.min(bytes, totals.bytes), totals.bytes);
    const outcome = await whileReporting(measure, report, () => execute(program, call.signal));
    const differences = parseVerifyBackup(outcome.stderr);
    if (differences.length > 0) throw mismatch(params.backupId, differences);
    if (outcome.exitCode !== 0) throw failure(program, outcome, 'postgres-failed');
    const result = { manifest: 'verified' as const, ...totals };
    await writeAtomic(place.verifiedFile, JSON.stringify(result));
    return result;
  },

  async observe(host, _params, call) {
    const place = scratchPlace(host, requirePlan(call));
    const text = await readIfExists(place.verifiedFile);
    if (text === undefined || !(await readRecord(place))) return { is: 'absent' };
    return { is: 'complete', result: operations['scratch-verify-manifest'].result.parse(JSON.parse(text)) };
  },
};

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
