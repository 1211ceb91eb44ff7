import type { Result } from '@barback/shared/operations/index.ts';
import type { WalSegmentSummary } from '@barback/shared/operations/wal-index.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { write } from '@barback/api/db/write.ts';
import { nameOfSegment } from '@barback/api/wal-index/segment-range.ts';
import { noWork } from '@barback/api/incidents/testing/no-work.ts';
import { storeSegments } from '@barback/api/wal-index/store-segments.ts';
import { nothingKnown } from '@barback/api/wal-index/wal-state.ts';
import { loadWal, saveWal } from '@barback/api/wal-index/wal-store.ts';
import { createWalIndexer } from '@barback/api/wal-index/wal-indexer.ts';
import { openApiRig, type ApiRig } from '../support/api-rig.ts';
import { fakeWalFacts, fakeWalIndex, systemIdentifier } from '../support/fake-wal.ts';
import type { Figure } from './figures.ts';

const segments = 100_000;
const requests = 300;
const batch = 1_000;

const nameOf = (number: number): string => nameOfSegment(1, number, fakeWalFacts.segmentBytes);

/** Answers from an index of generated segments, over HTTP with a key, in the process that is measured. */
export async function indexWarm(): Promise<readonly Figure[]> {
  const api = await openApiRig();
  try {
    await fill(api);
    const rss = process.memoryUsage().rss;
    const window = await timesOf(api, '/v1/servers/main/window');
    const table = await timesOf(api, '/v1/servers/main/transactions?limit=50');
    const grown = (process.memoryUsage().rss - rss) / 1e6;
    return [
      {
        what: `window of ${segments} indexed segments`,
        unit: 'ms',
        samples: window,
        budget: { atMost: 50 },
        judge: 'p99',
      },
      {
        what: `suspicious transactions of ${segments} segments`,
        unit: 'ms',
        samples: table,
        budget: { atMost: 50 },
        judge: 'p99',
      },
      { what: `memory that ${2 * requests} such answers leave`, unit: 'MB', samples: [grown], budget: { atMost: 100 } },
    ];
  } finally {
    await api.close();
  }
}

/** As an archive of that size would leave it; the agent goes on to tell the same. */
async function fill({ rig, engine }: ApiRig): Promise<void> {
  const first = 1;
  const facts: Result<'wal-facts'> = {
    ...fakeWalFacts,
    runs: [{ timeline: 1, first: nameOf(first), last: nameOf(segments), place: 'archived' }],
  };
  const before = rig.agent.course;
  rig.agent.course = (request) =>
    request.op === 'wal-facts' ? { end: 'succeeded', result: facts as unknown as Json } : before(request);
  write(rig.database, (tx) => {
    for (let from = first; from <= segments; from += batch) {
      const range = { timeline: 1, first: nameOf(from), last: nameOf(Math.min(segments, from + batch - 1)) };
      const read = fakeWalIndex({ ...range, server: 'main', carry: null, from: 'archive', catalogues: [] });
      const stored = { server: 'main', segmentBytes: facts.segmentBytes, held: 'complete' } as const;
      storeSegments(tx, { ...stored, segments: read.segments.map(eventful), carry: read.carry });
    }
    const { segmentBytes } = facts;
    const read = [{ timeline: 1, first, last: segments }];
    const state = { ...nothingKnown, segmentBytes, systemIdentifier, complete: read, read };
    saveWal(tx, 'main', { ...loadWal(tx, 'main'), state });
  });
  const index = createWalIndexer({ ...engine.deps, everyMs: 0 });
  const isWhole = await index.catchUp('main', { all: true, limitMs: 60_000 });
  if (!isWhole) throw new Error('the generated index is not whole');
}

/** Every hundredth segment has a restore point, every tenth a table that was emptied. */
function eventful(segment: WalSegmentSummary): WalSegmentSummary {
  const commit = segment.lastCommit;
  if (commit === null || commit.xid % 10 !== 0) return segment;
  const work = { ...noWork, rows: [{ file: '1663/5/16400', deleted: 1000, updated: 0 }] };
  const { lsn } = commit;
  return {
    ...segment,
    transactions: [{ ...commit, work }],
    points: commit.xid % 100 === 0 ? [{ is: 'restore-point', lsn, name: `point ${commit.xid}` }] : [],
  };
}

async function timesOf(api: ApiRig, path: string): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < requests; index += 1) {
    const began = performance.now();
    const { status, text } = await api.ask('GET', path);
    times.push(performance.now() - began);
    if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
  }
  return times;
}
