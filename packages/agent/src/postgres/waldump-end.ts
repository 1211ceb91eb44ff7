import { formatLsn, parseLsn, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName, segmentStart } from '@barback/shared/postgres/segment.ts';

/** How a run of pg_waldump ended. */
export type WaldumpEnd =
  /** Everything up to `--end` was read. */
  | { readonly is: 'complete' }
  /** No valid record follows `lastRecord`; `at` is where it should begin, if pg_waldump says so. */
  | { readonly is: 'stopped'; readonly lastRecord: Lsn; readonly at: Lsn | null; readonly reason: string }
  /** Not one valid record was found. */
  | { readonly is: 'nothing'; readonly reason: string }
  /** A file was there a moment ago. */
  | { readonly is: 'vanished'; readonly reason: string };

/** Reads exit code and messages (PostgreSQL 15–17, pg_waldump.c and xlogreader.c); undefined when they are not known. */
export function judgeWaldump(exitCode: number | null, stderr: string, segmentBytes: number): WaldumpEnd | undefined {
  if (exitCode === 0) return { is: 'complete' };
  const message = /^pg_waldump: (?:error|fatal): (.*)$/m.exec(stderr)?.[1];
  if (exitCode !== 1 || message === undefined) return undefined;
  const stopped = /^error in WAL record at ([0-9A-F]+\/[0-9A-F]+): (.*)$/.exec(message);
  if (stopped) {
    const [, lastRecord = '', reason = ''] = stopped;
    return { is: 'stopped', lastRecord: plainLsn(lastRecord), at: placeOf(reason, segmentBytes), reason };
  }
  if (message.startsWith('could not find a valid record after ')) return { is: 'nothing', reason: message };
  // The second: the first file of the directory is a link to one that was moved (search_directory).
  if (/^could not (?:(?:find|open|read from|read|locate) (?:WAL )?file |find any WAL file$)/.test(message)) {
    return { is: 'vanished', reason: message };
  }
  return undefined;
}

/** `… at 0/74DC568: wanted 24, got 0` or `… in log segment 000000010000000000000007, offset 8192`. */
function placeOf(reason: string, segmentBytes: number): Lsn | null {
  const inSegment = /in (?:log|WAL) segment ([0-9A-F]{24})(?:, LSN [0-9A-F/]+)?, offset (\d+)/.exec(reason);
  const segment = inSegment && parseSegmentName(inSegment[1] ?? '', segmentBytes);
  if (inSegment && segment) {
    return formatLsn(parseLsn(segmentStart(segment, segmentBytes)) + BigInt(inSegment[2] ?? 0));
  }
  const at = [...reason.matchAll(/\bat ([0-9A-F]+\/[0-9A-F]+)/g)].at(-1)?.[1];
  return at === undefined ? null : plainLsn(at);
}

function plainLsn(text: string): Lsn {
  return formatLsn(parseLsn(text));
}
