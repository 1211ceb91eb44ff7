import path from 'node:path';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { RecoveryTarget } from '@barback/shared/postgres/target.ts';
import type { WalAnswer } from '../wal-child/wal-request.ts';
import type { Call, Host } from './handler.ts';
import { askWalChild } from './read-wal.ts';
import { scratchUser } from './scratch-place.ts';

export interface StagedWal {
  readonly directory: string;
  /** In the order of replay. */
  readonly segments: readonly string[];
  readonly timeline: number;
  readonly segmentBytes: number;
  /** Where replay begins; null when Barman does not say. */
  readonly redo: string | null;
}

export type StagedRecords = Omit<Extract<WalAnswer, { is: 'replayed' }>, 'is'>;

/** What the staged WAL will do besides changing rows, up to the target: read from the very files that will be replayed. */
export async function readStagedRecords(
  host: Host,
  wal: StagedWal,
  target: RecoveryTarget,
  call: Call,
): Promise<StagedRecords> {
  if (wal.segments.length === 0) return { created: [], parameters: [] };
  const { timeline, segmentBytes, directory } = wal;
  const question = {
    what: 'replayed' as const,
    binDirectory: host.server.postgres.binDirectory,
    timeline,
    segmentBytes,
    files: wal.segments.map((segment) => ({ segment, file: path.join(directory, segment), mayEnd: true })),
  };
  const answer = await askWalChild(scratchUser(host), question, call);
  if (answer.is !== 'replayed') throw new Error(`cannot read the copied WAL: a file of ${directory} is gone`);
  const counts = ({ lsn }: { readonly lsn: string }) => isReplayed(lsn, wal.redo, target);
  return { created: answer.created.filter(counts), parameters: answer.parameters.filter(counts) };
}

function isReplayed(lsn: string, redo: string | null, target: RecoveryTarget): boolean {
  const position = lsnToNumber(lsn);
  if (redo !== null && position < lsnToNumber(redo)) return false;
  if (target.type !== 'lsn') return true;
  const stop = lsnToNumber(target.lsn);
  return target.inclusive ? position <= stop : position < stop;
}
