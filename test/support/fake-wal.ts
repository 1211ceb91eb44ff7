import type { Params, Result } from '@barback/shared/operations/index.ts';
import type { WalSegmentSummary } from '@barback/shared/operations/wal-index.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName, segmentName } from '@barback/shared/postgres/segment.ts';

/** 2026-11-22T12:00:00Z. */
export const noon = 1_795_348_800_000_000;
const minute = 60_000_000;

const segmentBytes = 16 * 1024 * 1024;
export const systemIdentifier = '7000000000000000001';

/** Offset of the only commit of each segment. */
const offset = 0x1000;
const [firstHeld, lastHeld] = [1, 9];

const nameOf = (number: number): string => segmentName({ timeline: 1, number: BigInt(number) }, segmentBytes);
const numberOf = (segment: string): number => Number(parseSegmentName(segment, segmentBytes)?.number);

/** The transaction that commits in a segment: one a minute from noon on. */
function commitIn(number: number): { xid: number; lsn: string; time: number } {
  return { xid: 700 + number, lsn: lsnFromNumber(number * segmentBytes + offset), time: noon + number * minute };
}

/** What an agent answers whose Barman holds nine segments of one timeline with one commit each. */
export const fakeWalFacts: Result<'wal-facts'> = {
  segmentBytes,
  time: noon + 60 * minute,
  histories: [],
  unreadableHistories: [],
  runs: [{ timeline: 1, first: nameOf(firstHeld), last: nameOf(lastHeld), place: 'archived' }],
  oddFiles: [],
  partialFiles: [],
  changed: null,
  catalogue: '1',
  live: { timeline: 1, lsn: '0/9000000', inRecovery: false, slots: [] },
};

export function fakeWalIndex({ first, last }: Params<'wal-index'>): Result<'wal-index'> {
  const [from, to] = [numberOf(first), numberOf(last)];
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return {
    segments: numbers.map(summaryOf),
    carry: { lsn: commitIn(to).lsn, open: [], unseenUpTo: null },
    end: 'complete',
    fault: null,
    openAt: null,
    systemIdentifier,
  };
}

export function fakeWalEnds({ segment, at }: Params<'wal-ends'>): Result<'wal-ends'> {
  const { xid, lsn, time } = commitIn(numberOf(segment));
  return {
    xids: [xid],
    offsets: [offset],
    times: [time],
    aborts: [],
    cut: false,
    recordAt: at === null ? null : lsn,
  };
}

function summaryOf(number: number): WalSegmentSummary {
  const commit = commitIn(number);
  const { time, xid } = commit;
  return {
    segment: nameOf(number),
    commits: 1,
    aborts: 0,
    firstCommit: commit,
    lastCommit: commit,
    earliest: time,
    latest: time,
    latestEnd: time,
    xidMin: xid,
    xidMax: xid,
    commitsByTime: [[time / 1_000_000, 1]],
    points: [],
    transactions: [],
    omitted: { transactions: 0, rowsMax: 0 },
    schemaChanges: 0,
    file: { bytes: segmentBytes, modifiedAt: time, inode: String(number) },
  };
}
