import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { defaultSegmentBytes } from '@barback/shared/postgres/segment.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { recoverArguments } from '../barman/argv.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import { parseBarmanOutput } from '../barman/output.ts';
import { judgeRecover, relevantWarnings } from '../barman/recover.ts';
import { treeBytes } from '../system/directory-tree.ts';
import { findBackup } from './backup-list.ts';
import { requirePlan } from './backup-lease.ts';
import { binariesVersion } from './binaries.ts';
import { execute, executeOk } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { whileReporting } from './report-bytes.ts';
import { barmanProgram } from './run-barman.ts';
import { readRecovered, writeRecovered } from './scratch-completion.ts';
import { createScratch, tablespaceDirectory } from './scratch-create.ts';
import { scratchPlace, scratchUser, type ScratchPlace } from './scratch-place.ts';
import { readRecord, stillOwned } from './scratch-record.ts';
import { livePlaces, requireRoom, withSpaceGuard, type GuardedPlace } from './space-guard.ts';
import { chooseWal, walMissing, WalStager, type WalChoice, type WalRequest } from './stage-wal.ts';

type RecoverParams = Params<'scratch-recover'>;

/** PostgreSQL's default max_wal_size, which the copy runs with. */
const maxWalBytes = 1024 ** 3;

interface RecoverWork {
  readonly host: Host;
  readonly place: ScratchPlace;
  readonly params: RecoverParams;
  readonly call: Call;
}

export const scratchRecover: Handler<'scratch-recover'> = {
  async perform(host, params, call) {
    const place = scratchPlace(host, requirePlan(call));
    const { backup, diagnosis, barmanVersion } = await findBackup(host.server, params.backupId, call.signal);
    refuseBackup(backup, params);
    await refuseOtherMajor(host, backup, call);
    const request = walRequest(backup, diagnosis, params);
    const planned = await chooseWal(request);
    refuseGap(planned, params);
    const live = [...(await livePlaces(host)), { role: 'barman', path: diagnosis.config.barman_home }];
    const walBytes = planned.segments.length * request.segmentBytes;
    // PostgreSQL keeps fetched segments in its own pg_wal too, up to max_wal_size.
    const replayBytes = Math.min(walBytes, maxWalBytes);
    await requireRoom(host, place.parent, params.expectBytes + walBytes + replayBytes, live);
    await createScratch(host, place, params.tablespaces, call.signal);
    return withSpaceGuard(host, guarded(live, place), call.signal, async (signal) => {
      const work = { host, place, params, call: { ...call, signal } };
      const copied = await copyBase(work, barmanVersion);
      const wal = await stageWal(work, request);
      const result = { barmanVersion, ...copied, wal: wal.summary };
      // Last and atomic: without it the copy counts as unfinished.
      await writeRecovered(place, { params, result, begin: request.begin, gap: wal.gap, request });
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

function walRequest(backup: Backup, diagnosis: Diagnosis, params: RecoverParams): WalRequest {
  if (backup.beginWal === null || backup.endWal === null) {
    throw new ProblemError('unsupported-backup', `Barman does not say which WAL backup ${backup.id} needs`, {
      next: 'choose another backup',
    });
  }
  return {
    directories: { wals: diagnosis.config.wals_directory, streaming: diagnosis.config.streaming_wals_directory },
    timeline: params.timeline,
    begin: backup.beginWal,
    required: backup.endWal,
    upTo: params.target.type === 'immediate' ? 'required' : 'end',
    segmentBytes: diagnosis.backups[backup.id]?.xlog_segment_size ?? defaultSegmentBytes,
  };
}

/** "Latest" means the end: a hole before it is said at once. A time target may lie before the hole, which replay will tell. */
function refuseGap(choice: WalChoice, params: RecoverParams): void {
  if (choice.gap !== null && params.target.type === 'latest') throw walMissing(choice.gap, params.timeline);
}

function guarded(live: readonly GuardedPlace[], place: ScratchPlace): GuardedPlace[] {
  return [...live, { role: 'scratch', path: place.directory }];
}

async function copyBase(
  { host, place, params, call }: RecoverWork,
  version: string,
): Promise<Pick<Result<'scratch-recover'>, 'bytes' | 'seconds' | 'warnings'>> {
  const args = recoverArguments({
    server: host.server.barman.server,
    backupId: params.backupId,
    timeline: params.timeline,
    jobs: params.jobs,
    bandwidthKBps: params.bandwidthKBps,
    tablespaces: params.tablespaces.map((name) => ({ name, directory: tablespaceDirectory(place, name) })),
    destination: place.pgdata,
  });
  const barman = barmanProgram(host.server, args, 48 * 3_600_000);
  const environment = { ...barman.environment, TMPDIR: place.temporary };
  const program = { ...barman, environment, background: true };
  const report = (bytes: number) => call.progress('base backup', bytes, params.expectBytes);
  const outcome = await whileReporting(
    () => scratchBytes(place),
    report,
    () => execute(program, call.signal),
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
    return { bytes: await scratchBytes(place), seconds: verdict.seconds, warnings: relevantWarnings(verdict.warnings) };
  }
  throw new ProblemError('barman-failed', `barman recover failed: ${verdict.reason}`, {
    next: "look at Barman's log file",
    facts: { exitCode: outcome.exitCode, errors: [...output.errors] },
  });
}

async function stageWal({ host, place, params, call }: RecoverWork, request: WalRequest) {
  const directory = `${place.pgdata}/barman_wal`;
  const user = scratchUser(host);
  await executeOk(
    { argv: ['/usr/bin/install', '-d', '-m', '0700', '--', directory], user, timeoutMs: 30_000 },
    call.signal,
    'internal',
  );
  // Chosen again: while the base was copied, segments were closed and moved to the archive.
  const choice = await chooseWal(request);
  refuseGap(choice, params);
  const total = choice.segments.length * request.segmentBytes;
  const stager = new WalStager(directory, user, request, call.signal);
  call.progress('wal', 0, total);
  await stager.histories(choice.store);
  await stager.segments(choice.segments, choice.store, (bytes) => call.progress('wal', bytes, total));
  const partial = choice.segments.find((name) => choice.store.segments.get(name)?.partial) ?? null;
  return {
    gap: choice.gap,
    summary: {
      segments: choice.segments.length,
      bytes: total,
      first: choice.segments[0] ?? null,
      last: choice.segments.at(-1) ?? null,
      partial,
    },
  };
}

async function scratchBytes(place: ScratchPlace): Promise<number> {
  return (await treeBytes(place.pgdata)) + (await treeBytes(place.tablespaces));
}
