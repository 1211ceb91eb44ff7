import path from 'node:path';
import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Params } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import { largestCapacity, recordedCapacity } from '../postgres/capacity.ts';
import { segmentBytesOf, walDirectories } from './barman-places.ts';
import { findBackup } from './backup-list.ts';
import { requirePlan } from './backup-lease.ts';
import { binariesVersion } from './binaries.ts';
import type { Call, Handler, Host } from './handler.ts';
import { inParallel } from './in-parallel.ts';
import { readRecovered, writeRecovered } from './scratch-completion.ts';
import { isCheapAhead } from './copy-ahead.ts';
import { copyBase } from './copy-base.ts';
import { copyHomes, roomNeeded } from './copy-homes.ts';
import { hostOfMirror } from './mirror-home.ts';
import { recoverWal, stageWalAhead } from './recover-wal.ts';
import { createScratch } from './scratch-create.ts';
import { discardScratch } from './scratch-discard.ts';
import { scratchPlace, scratchUser } from './scratch-place.ts';
import { readRecord, requireRecord, stillOwned } from './scratch-record.ts';
import { readSeenBackup } from './seen-catalogue.ts';
import { copyPlaces, livePlaces, requireRoom, withSpaceGuard } from './space-guard.ts';
import { neededUpTo, refuseGap } from './stage-copy-wal.ts';
import { chooseWal, type WalRequest } from './stage-wal.ts';

type RecoverParams = Params<'scratch-recover'>;

export const scratchRecover: Handler<'scratch-recover'> = {
  async perform(given, params, call) {
    const plan = requirePlan(call);
    const host = params.from === 'mirror' ? await hostOfMirror(given, plan) : given;
    const place = scratchPlace(host, plan);
    if (params.anew === true) await discardScratch(host, place.plan);
    const { backup, diagnosis, barmanVersion } =
      (await readSeenBackup(host, params.backupId)) ?? (await findBackup(host.server, params.backupId, call.signal));
    refuseBackup(backup, params);
    const request = { ...walRequest(backup, diagnosis, params), user: scratchUser(host) };
    const [planned] = await inParallel(
      call.signal,
      () => chooseWal(request),
      (signal) => refuseOtherMajor(host, backup, { ...call, signal }),
    );
    refuseGap(planned, params);
    const live = [...(await livePlaces(host)), { role: 'barman', path: diagnosis.config.barman_home }];
    const homes = await copyHomes(host, place, { backup, diagnosis, params });
    const walBytes = planned.segments.length * request.segmentBytes;
    await requireRoom(host, roomNeeded(place, homes, params.expectBytes, walBytes), live);
    await createScratch(host, place, homes, call.signal);
    const guarded = [...live, ...copyPlaces(await requireRecord(place))];
    return withSpaceGuard(host, guarded, call.signal, async (guardedSignal) => {
      const stored = path.join(diagnosis.config.basebackups_directory, params.backupId);
      const wal = { host, place, params, request, redo: backup.beginLsn };
      const isAhead = isCheapAhead(params.bandwidthKBps, (backup.sizeBytes ?? Infinity) + walBytes);
      const [copied, ahead] = await inParallel(
        guardedSignal,
        (signal) =>
          copyBase({ host, place, homes, params, call: { ...call, signal } }, { backup, stored, barmanVersion }),
        async (signal) => (isAhead ? stageWalAhead({ ...wal, call: { ...call, signal } }, planned) : undefined),
      );
      const { gap, summary, records } = await recoverWal({ ...wal, call: { ...call, signal: guardedSignal } }, ahead);
      const capacity = largestCapacity(records.parameters.map((one) => recordedCapacity(one.settings)));
      const result = { barmanVersion, ...copied, wal: summary };
      // Last and atomic: without it the copy counts as unfinished.
      await writeRecovered(place, { params, result, begin: request.begin, gap, capacity, request });
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
