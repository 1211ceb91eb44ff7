import type { Result } from '@barback/shared/operations/index.ts';
import { nowMicros } from '../system/clock.ts';
import { identityOf, kindOf, type FileIdentity } from '../system/directory-tree.ts';
import { executeOk } from './execute.ts';
import { refuseTablespaces } from './refuse-tablespaces.ts';
import { scratchUser } from './scratch-place.ts';
import { placeWal, refuseGap, segmentsFrom, stagedOf, stageCopyWal, walOfCopy, walSummary } from './stage-copy-wal.ts';
import type { StageWork } from './stage-copy-wal.ts';
import { chooseWal, type WalChoice, type WalRequest } from './stage-wal.ts';
import { readStagedRecords, type StagedRecords } from './staged-records.ts';

/** A file that was written to less than this before it was copied may have been written to again within one tick of its clock. */
const settledMicros = 1_000_000;

export interface RecoverWal extends StageWork {
  readonly request: WalRequest;
  /** Where replay begins; null when Barman does not say. */
  readonly redo: string | null;
}

/** WAL that was staged and read while the base backup was copied. */
export interface WalAhead {
  readonly segments: readonly string[];
  readonly records: StagedRecords;
  /** The file that the last segment was copied from, as it was before; undefined when it may have grown since. */
  readonly last: FileIdentity | undefined;
}

/** The WAL of a copy and what it will do. */
export interface RecoveredWal {
  /** The first segment that is missing behind those that are there. */
  readonly gap: string | null;
  readonly summary: Result<'scratch-recover'>['wal'];
  readonly records: StagedRecords;
}

/**
 * Stages WAL beside the data directory while the base backup is copied into it: Barman deletes there what the backup does not have
 * (3.4.0 and 3.13.3, copy_controller.py, _create_dir_and_purge). Progress is left to the base backup.
 */
export async function stageWalAhead(work: RecoverWal, choice: WalChoice): Promise<WalAhead> {
  const call = { ...work.call, progress: () => undefined };
  const { request, place } = work;
  const { segments } = choice;
  const last = await lastFile(choice);
  const isSettled = last !== undefined && last.modifiedAt < nowMicros() - settledMicros;
  await placeWal({ choice, segments, directory: place.walAhead }, request, call);
  const records = await recordsOf({ ...work, call }, place.walAhead, segments);
  return { segments, records, last: isSettled ? last : undefined };
}

/** What Barman holds now, once the base backup is copied: of what was staged ahead the last segment may have grown, and others may follow it. */
export async function recoverWal(work: RecoverWal, ahead: WalAhead | undefined): Promise<RecoveredWal> {
  const { request, params } = work;
  const directory = walOfCopy(work.place);
  if (!ahead) {
    const { gap, staged, summary } = await stageCopyWal(work, request);
    return { gap, summary, records: await recordsOf(work, directory, staged.segments) };
  }
  await moveIn(work);
  const choice = await chooseWal(request);
  refuseGap(choice, params);
  const result = { gap: choice.gap, summary: walSummary(choice, choice.segments, request) };
  if (await isAsBefore(choice, ahead)) return { ...result, records: ahead.records };
  const segments = segmentsFrom(choice, ahead.segments.at(-1) ?? '');
  await placeWal({ choice, segments, directory }, request, work.call);
  const more = await recordsOf(work, directory, segments);
  return { ...result, records: joined(ahead.records, more) };
}

async function recordsOf(work: RecoverWal, directory: string, segments: readonly string[]): Promise<StagedRecords> {
  const { host, params, call, request, redo } = work;
  const wal = { ...stagedOf(request, directory, segments), redo };
  const records = await readStagedRecords(host, wal, params.target, call);
  refuseTablespaces(records);
  return records;
}

/** Where it recovers to a point in time, Barman makes the very directory, with an empty one in it (3.4.0 and 3.13.3, recovery_executor.py). */
export async function moveIn({ host, place, call }: Pick<RecoverWal, 'host' | 'place' | 'call'>): Promise<void> {
  const directory = walOfCopy(place);
  const run = (argv: string[]) =>
    executeOk({ argv, user: scratchUser(host), timeoutMs: 30_000 }, call.signal, 'internal');
  if ((await kindOf(directory)) !== 'absent') await run(['/usr/bin/rm', '-rf', '--', directory]);
  await run(['/usr/bin/mv', '-T', '--', place.walAhead, directory]);
}

async function lastFile({ segments, store }: WalChoice): Promise<FileIdentity | undefined> {
  const stored = store.segments.get(segments.at(-1) ?? '');
  return stored && identityOf(stored.file);
}

async function isAsBefore(choice: WalChoice, { segments, last }: WalAhead): Promise<boolean> {
  const now = await lastFile(choice);
  const isSameFile =
    last !== undefined &&
    now?.device === last.device &&
    now.inode === last.inode &&
    now.size === last.size &&
    now.modifiedAt === last.modifiedAt;
  return isSameFile && choice.segments.length === segments.length && choice.segments.at(-1) === segments.at(-1);
}

function joined(one: StagedRecords, other: StagedRecords): StagedRecords {
  return { created: [...one.created, ...other.created], parameters: [...one.parameters, ...other.parameters] };
}
