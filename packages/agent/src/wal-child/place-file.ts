import path from 'node:path';
import type { WalFault, WalSegmentSummary } from '@barback/shared/operations/wal-index.ts';
import { parseSegmentName, segmentName, segmentStart, type Segment } from '@barback/shared/postgres/segment.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentHeader, segmentHeaderBytes } from '../postgres/segment-header.ts';
import { compressionOf, decompressToOutputArgv } from '../postgres/wal-compression.ts';
import { identityOf } from '../system/directory-tree.ts';
import { firstBytes } from '../system/look-at-file.ts';
import { runProgram } from '../system/run-program.ts';
import { linkTo } from '../system/temporary-directory.ts';
import type { WalFile } from './wal-request.ts';

/** Where the files of one reading are put together under the names of one timeline. */
export interface Workplace {
  readonly directory: string;
  readonly timeline: number;
  readonly segmentBytes: number;
}

export type Placed =
  | { readonly is: 'placed'; readonly file: WalSegmentSummary['file']; readonly systemIdentifier: string }
  /** Nothing was written into it yet. */
  | { readonly is: 'empty' }
  | { readonly is: 'moved' }
  | { readonly is: 'fault'; readonly fault: WalFault };

const decompressMs = 300_000;

/**
 * Makes a WAL file readable under its timeline's name in the workplace, as a link or decompressed, after its size and its
 * header were compared with what its name says.
 */
export async function placeFile(place: Workplace, wal: WalFile, number: bigint): Promise<Placed> {
  const fault = (cause: WalFault['cause'], detail: string): Placed => ({
    is: 'fault',
    fault: { segment: wal.segment, cause, detail },
  });
  const found = await identityOf(wal.file);
  if (!found) return { is: 'moved' };
  const target = path.join(place.directory, segmentName({ timeline: place.timeline, number }, place.segmentBytes));
  if (found.size === place.segmentBytes) await linkTo(wal.file, target);
  else {
    const problem = await decompress(wal.file, target, found.size);
    if (problem === 'moved') return { is: 'moved' };
    if (problem !== null) return fault(problem.cause, problem.detail);
    const size = (await identityOf(target))?.size ?? 0;
    if (size !== place.segmentBytes) {
      return fault('truncated', `${wal.file} holds ${size} bytes instead of ${place.segmentBytes}`);
    }
  }
  const header = parseSegmentHeader(Buffer.from(await firstBytes(target, segmentHeaderBytes)));
  if (header === 'empty') return wal.mayEnd ? { is: 'empty' } : fault('damaged', `${wal.file} begins with zeros`);
  const start = lsnToNumber(segmentStart({ timeline: place.timeline, number } satisfies Segment, place.segmentBytes));
  if (!header) return wal.mayEnd ? { is: 'empty' } : fault('damaged', `${wal.file} does not begin as WAL does`);
  if (header.position !== start || header.segmentBytes !== place.segmentBytes) {
    // What live keeps for later use still has its old content.
    if (wal.mayEnd) return { is: 'empty' };
    return fault('damaged', `${wal.file} holds another segment than its name says`);
  }
  const { size: bytes, modifiedAt, inode } = found;
  return { is: 'placed', file: { bytes, modifiedAt, inode }, systemIdentifier: header.systemIdentifier };
}

async function decompress(
  file: string,
  target: string,
  size: number,
): Promise<'moved' | { cause: WalFault['cause']; detail: string } | null> {
  const start = await firstBytes(file, 8).catch(() => undefined);
  if (start === undefined) return 'moved';
  const compression = compressionOf(start);
  if (!compression) {
    return {
      cause: 'truncated',
      detail: `${file} has ${size} bytes, which is neither a segment nor a known compression`,
    };
  }
  const argv = decompressToOutputArgv(compression, file);
  const outcome = await runProgram({ argv, user: null, stdoutFile: target, timeoutMs: decompressMs });
  if (outcome.exitCode === 0) return null;
  if ((await identityOf(file)) === undefined) return 'moved';
  const said = outcome.stderr.trim().split('\n').at(-1) ?? '';
  return { cause: 'undecompressable', detail: `${argv[0]} cannot decompress ${file}: ${said.slice(0, 200)}` };
}

export function numberOf(segment: string, segmentBytes: number): bigint {
  const parsed = parseSegmentName(segment, segmentBytes);
  if (!parsed) throw new Error(`cannot read ${segment}: it is no segment name`);
  return parsed.number;
}
