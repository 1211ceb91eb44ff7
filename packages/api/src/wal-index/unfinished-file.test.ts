import type { Params, Result } from '@barback/shared/operations/index.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentClient } from '../agents/agent-client.ts';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { summaryOf, systemIdentifier } from '../targets/testing/model-search.ts';
import { modelOf, noon, recordsInFile, segmentBytes, type RecordRecipe } from '../targets/testing/wal-model.ts';
import { reachFrom } from '../window/wal-reach.ts';
import { pictureOf } from '../window/wal-picture.ts';
import { refreshServer } from './refresh-server.ts';
import { nameOfSegment, rangeOfSegment } from './segment-range.ts';
import { walIndexReader } from './wal-index-reader.ts';
import { loadWal } from './wal-store.ts';

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(() => {
  temporary = temporaryDatabase();
  ({ database } = temporary);
});
afterAll(() => temporary.remove());

/** One commit to a segment, and some in the last. */
const commit: RecordRecipe = { kind: 'commit', gap: segmentBytes / 8, advance: 1, jitter: 0, name: '' };
const branch = {
  parent: 0,
  forkAt: 0,
  records: [...Array.from({ length: 4 }, () => commit), { ...commit, gap: 8 }, commit],
};
const model = modelOf({ branches: [branch], backups: [], lost: [], live: 0 });
const commits = model.timelines[0]?.records ?? [];
const nameOf = (number: number): string => nameOfSegment(1, number, segmentBytes);

/** Barman holds complete segments up to a number, and the next one unfinished. */
function walFacts(complete: number): Result<'wal-facts'> {
  const [last, partial] = [nameOf(complete), nameOf(complete + 1)];
  const nothing = { unreadableHistories: [], oddFiles: [], changed: null, live: null, histories: [] };
  return {
    ...nothing,
    time: noon,
    segmentBytes,
    catalogue: '1',
    runs: [
      { timeline: 1, first: nameOf(1), last, place: 'archived' },
      { timeline: 1, first: partial, last: partial, place: 'partial' },
    ],
    partialFiles: [{ segment: partial, bytes: segmentBytes, modifiedAt: noon, inode: partial }],
  };
}

function walIndex(params: Params<'wal-index'>): Result<'wal-index'> {
  const [from, to] = [params.first, params.last].map((name) => rangeOfSegment(name, segmentBytes).first);
  const numbers = Array.from({ length: (to ?? 0) - (from ?? 0) + 1 }, (_, index) => (from ?? 0) + index);
  const last = numbers.flatMap((number) => recordsInFile(model, 1, number)).at(-1);
  const lsn = last ? lsnFromNumber(last.position) : (params.carry?.lsn ?? null);
  return {
    segments: numbers.map((number) => summaryOf(model, 1, number)),
    carry: lsn === null ? null : { lsn, open: [], unseenUpTo: null },
    end: params.from === 'archive' ? 'complete' : 'open',
    fault: null,
    openAt: null,
    systemIdentifier,
  };
}

/** `mayRead`: whether complete files may be read in this look; otherwise it ends first, as one that takes too long does. */
async function look(server: string, complete: number, mayRead: boolean): Promise<boolean> {
  const ending = new AbortController();
  const answers: { readonly [op: string]: (params: never) => unknown } = {
    'wal-facts': () => {
      if (!mayRead) ending.abort();
      return walFacts(complete);
    },
    'wal-index': walIndex,
    'backup-list': () => ({ backups: [] }),
  };
  const agent = {
    server,
    call: (op: string, params: unknown) => Promise.resolve({ result: answers[op]?.(params as never) }),
  } as unknown as AgentClient;
  const context = { sub: 'index', signal: ending.signal };
  return refreshServer({ database, clock: { now: () => noon }, agent, server, context, sweep: false });
}

/** The newest commit that a restore from the first segment on would reach. */
function newestReached(server: string): number | undefined {
  const { state } = loadWal(database.orm, server);
  const path = pictureOf(state, []).paths[0];
  const { position } = path ? reachFrom(state, path, 1) : { position: null };
  if (position === null) return undefined;
  const span = { timeline: 1, first: 1, last: Math.floor(position / segmentBytes) };
  return walIndexReader(database.orm, server).lastWithCommit(span)?.lastCommit?.xid;
}

test('a commit of an unfinished file stays in sight while that file is complete and not read as such yet', async () => {
  const last = commits.at(-1);
  const partial = Math.floor((last?.position ?? 0) / segmentBytes);
  expect(await look('main', partial - 1, true)).toBe(true);
  expect(newestReached('main')).toBe(last?.xid);
  // WAL went on; the look ends before it has read anything.
  expect(await look('main', partial, false)).toBe(false);
  expect(newestReached('main')).toBe(last?.xid);
  expect(await look('main', partial, true)).toBe(true);
  expect(newestReached('main')).toBe(last?.xid);
});
