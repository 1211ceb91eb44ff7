import path from 'node:path';
import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { recoverArguments } from '../barman/argv.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import { parseBarmanOutput } from '../barman/output.ts';
import { judgeRecover, relevantWarnings } from '../barman/recover.ts';
import { largestCapacity, recordedCapacity } from '../postgres/capacity.ts';
import { treeBytes } from '../system/directory-tree.ts';
import { segmentBytesOf, walDirectories } from './barman-places.ts';
import { findBackup } from './backup-list.ts';
import { requirePlan } from './backup-lease.ts';
import { binariesVersion } from './binaries.ts';
import { execute } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { whileReporting } from './report-bytes.ts';
import { barmanProgram } from './run-barman.ts';
import { readRecovered, writeRecovered } from './scratch-completion.ts';
import { refuseTablespaces } from './refuse-tablespaces.ts';
import { copyAhead } from './copy-ahead.ts';
import { copyHomes, roomNeeded, type CopyHomes } from './copy-homes.ts';
import { hostOfMirror } from './mirror-home.ts';
import { createScratch } from './scratch-create.ts';
import { discardScratch } from './scratch-discard.ts';
import { scratchPlace, scratchUser, type ScratchPlace } from './scratch-place.ts';
import { readRecord, requireRecord, stillOwned } from './scratch-record.ts';
import { readSeenBackup } from './seen-catalogue.ts';
import { readStagedRecords } from './staged-records.ts';
import { copyPlaces, livePlaces, requireRoom, withSpaceGuard } from './space-guard.ts';
import { neededUpTo, refuseGap, stageCopyWal } from './stage-copy-wal.ts';
import { chooseWal, type WalRequest } from './stage-wal.ts';

type RecoverParams = Params<'scratch-recover'>;

interface RecoverWork {
  readonly host: Host;
  readonly place: ScratchPlace;
  readonly homes: CopyHomes;
  readonly params: RecoverParams;
  readonly call: Call;
}

export const scratchRecover: Handler<'scratch-recover'> = {
  async perform(given, params, call) {
    const plan = requirePlan(call);
    const host = params.from === 'mirror' ? await hostOfMirror(given, plan) : given;
    const place = scratchPlace(host, plan);
    if (params.anew === true) await discardScratch(host, place.plan);
    const { backup, diagnosis, barmanVersion } =
      (await readSeenBackup(host, params.backupId)) ?? (await findBackup(host.server, params.backupId, call.signal));
    refuseBackup(backup, params);
    await refuseOtherMajor(host, backup, call);
    const request = { ...walRequest(backup, diagnosis, params), user: scratchUser(host) };
    const planned = await chooseWal(request);
    refuseGap(planned, params);
    const live = [...(await livePlaces(host)), { role: 'barman', path: diagnosis.config.barman_home }];
    const homes = await copyHomes(host, place, { backup, diagnosis, params });
    await requireRoom(
      host,
      roomNeeded(place, homes, params.expectBytes, planned.segments.length * request.segmentBytes),
      live,
    );
    await createScratch(host, place, homes, call.signal);
    const guarded = [...live, ...copyPlaces(await requireRecord(place))];
    return withSpaceGuard(host, guarded, call.signal, async (signal) => {
      const work = { host, place, homes, params, call: { ...call, signal } };
      const stored = path.join(diagnosis.config.basebackups_directory, params.backupId);
      const copied = await copyBase(work, { backup, stored, barmanVersion });
      const wal = await stageCopyWal({ host, place, params, call: work.call }, request);
      const staged = { ...wal.staged, redo: backup.beginLsn };
      const records = await readStagedRecords(host, staged, params.target, work.call);
      refuseTablespaces(records);
      const capacity = largestCapacity(records.parameters.map((one) => recordedCapacity(one.settings)));
      const result = { barmanVersion, ...copied, wal: wal.summary };
      // Last and atomic: without it the copy counts as unfinished.
      await writeRecovered(place, { params, result, begin: request.begin, gap: wal.gap, capacity, request });
      return result;
    });
  },

  async observe(host, _params, call) {
    const place = scratchPlace(host, requirePlan(call));
    const record = await readRecord(place);
    if (!record) return { is: 'absent' };
    const recovered = await readRecovered(place);
    if (recovered && (await stillOwned(record.directory))) return { is: 'complete', result: recovered.result };
    return { is: 'partial', facts: { directory: place.directory, createdAt: record.createdAt } };
  },
};

function refuseBackup(backup: Backup, params: RecoverParams): void {
  if (backup.unsupportedReasons.length > 0) {
    throw new ProblemError(
      'unsupported-backup',
      `cannot restore ${backup.id}: ${backup.unsupportedReasons.join('; ')}`,
      {
        next: 'choose another backup',
      },
    );
  }
  const known = backup.tablespaces.map((one) => one.name).toSorted();
  const given = params.tablespaces.toSorted();
  if (JSON.stringify(known) === JSON.stringify(given)) return;
  // A tablespace without a new place would be written over the live one.
  throw new ProblemError(
    'validation-failed',
    `backup ${backup.id} has the tablespaces [${known.join(', ')}] and the plan relocates [${given.join(', ')}]`,
    { next: 'make a new plan: every tablespace must be relocated' },
  );
}

/** Another major version cannot read the files: said before they are copied. */
async function refuseOtherMajor(host: Host, backup: Backup, call: Call): Promise<void> {
  const { version, major } = await binariesVersion(host, call.signal);
  if (backup.postgresVersionNum === null || Math.floor(backup.postgresVersionNum / 10_000) === major) return;
  throw new ProblemError(
    'unsupported-version',
    `backup ${backup.id} is of server version ${backup.postgresVersionNum}, postgres.binDirectory has PostgreSQL ${version}`,
    { next: "install the binaries of the backup's major version and name them in postgres.binDirectory" },
  );
}

function walRequest(backup: Backup, diagnosis: Diagnosis, params: RecoverParams): Omit<WalRequest, 'user'> {
  if (backup.beginWal === null || backup.endWal === null) {
    throw new ProblemError('unsupported-backup', `Barman does not say which WAL backup ${backup.id} needs`, {
      next: 'choose another backup',
    });
  }
  const segmentBytes = segmentBytesOf(diagnosis);
  return {
    directories: walDirectories(diagnosis),
    timeline: params.timeline,
    begin: backup.beginWal,
    ...neededUpTo(params, backup.endWal, segmentBytes),
    segmentBytes,
  };
}

interface BaseBackup {
  readonly backup: Backup;
  /** Barman's directory of it. */
  readonly stored: string;
  readonly barmanVersion: string;
}

async function copyBase(
  { host, place, homes, params, call }: RecoverWork,
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
  const report = (bytes: number) => call.progress('base backup', bytes, params.expectBytes);
  const outcome = await whileReporting(
    () => scratchBytes(place, homes),
    report,
    async () => {
      const { bandwidthKBps } = params;
      await copyAhead({ backup, stored, place, homes, bandwidthKBps, user: scratchUser(host) }, call);
      return execute(program, call.signal);
    },
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
    return {
      bytes: await scratchBytes(place, homes),
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
