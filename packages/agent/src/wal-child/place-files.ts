import type { WalFault, WalSegmentSummary } from '@barback/shared/operations/wal-index.ts';
import { makeTemporary, removeTemporary } from '../system/temporary-directory.ts';
import { numberOf, placeFile } from './place-file.ts';
import type { WalFile } from './wal-request.ts';

/** Begin of the names of all temporary directories of children that read WAL. */
export const temporaryPrefix = 'barback-wal-';

export interface PlacedFile {
  readonly number: bigint;
  readonly segment: string;
  readonly mayEnd: boolean;
  readonly file: WalSegmentSummary['file'];
  readonly systemIdentifier: string;
}

export interface PlacedFiles {
  readonly directory: string;
  /** In order, up to the first that could not be used. */
  readonly files: readonly PlacedFile[];
  readonly stop:
    | { readonly is: 'fault'; readonly fault: WalFault }
    | { readonly is: 'moved'; readonly segment: string }
    | { readonly is: 'empty' }
    | null;
}

/** Puts files together in a directory that exists as long as the work with them. */
export async function placeFiles<T>(
  request: { readonly timeline: number; readonly segmentBytes: number },
  files: readonly WalFile[],
  work: (placed: PlacedFiles) => Promise<T>,
): Promise<T> {
  const directory = await makeTemporary(temporaryPrefix);
  try {
    return await work(await placeAll({ ...request, directory }, files));
  } finally {
    await removeTemporary(directory);
  }
}

async function placeAll(
  place: { readonly directory: string; readonly timeline: number; readonly segmentBytes: number },
  files: readonly WalFile[],
): Promise<PlacedFiles> {
  const placed: PlacedFile[] = [];
  const { directory, segmentBytes } = place;
  for (const wal of files) {
    const number = numberOf(wal.segment, segmentBytes);
    const one = await placeFile(place, wal, number);
    const { segment, mayEnd } = wal;
    if (one.is === 'placed') {
      placed.push({ number, segment, mayEnd, file: one.file, systemIdentifier: one.systemIdentifier });
      continue;
    }
    const stop = one.is === 'moved' ? { is: one.is, segment } : one;
    return { directory, files: placed, stop };
  }
  return { directory, files: placed, stop: null };
}
