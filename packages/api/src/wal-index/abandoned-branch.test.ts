import type { Params, Result } from '@barback/shared/operations/index.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentClient } from '../agents/agent-client.ts';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { historyOf, summaryOf, systemIdentifier } from '../targets/testing/model-search.ts';
import {
  filesOf,
  modelOf,
  noon,
  recordsInFile,
  segmentBytes,
  timelineOf,
  type RecordRecipe,
  type WalModel,
} from '../targets/testing/wal-model.ts';
import { holesOf } from '../window/holes.ts';
import { pictureOf } from '../window/wal-picture.ts';
import { reachFrom } from '../window/wal-reach.ts';
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

const commit: RecordRecipe = { kind: 'commit', gap: segmentBytes / 8, advance: 1, jitter: 0, name: '' };
const tail = { ...commit, gap: 8 };

/** Timeline 2 left 1 in its second segment; 1 went on for two more, and its last file holds `last` commits. */
function modelWith(last: number): WalModel {
  const tails = Array.from({ length: last }, () => tail);
  const branches = [
    { parent: 0, forkAt: 0, records: [commit, commit, commit, ...tails] },
    { parent: 0, forkAt: 0, records: [commit, tail, tail] },
  ];
  return modelOf({ branches, backups: [], lost: [], live: 1 });
}

interface Scene {
  readonly server: string;
  readonly model: WalModel;
  /** Of the last file of timeline 1. */
  readonly inode: string;
}

/** Live is on timeline 2, and the last file of each is not whole. */
function factsOf({ model, inode }: Scene): Result<'wal-facts'> {
  const runs: Result<'wal-facts'>['runs'] = [];
  const partialFiles: Result<'wal-facts'>['partialFiles'] = [];
  for (const { timeline } of model.timelines) {
    const { first, last } = filesOf(timelineOf(model, timeline));
    const name = (number: number): string => nameOfSegment(timeline, number, segmentBytes);
    if (last > first)
      runs.push({ timeline, first: name(first), last: name(last - 1), place: timeline === 1 ? 'kept' : 'archived' });
    runs.push({ timeline, first: name(last), last: name(last), place: 'partial' });
    partialFiles.push({
      segment: name(last),
      bytes: segmentBytes,
      modifiedAt: noon - 60_000_000,
      inode: `${inode}${timeline}`,
    });
  }
  return {
    time: noon,
    segmentBytes,
    catalogue: '1',
    histories: [historyOf(model, 2)],
    unreadableHistories: [],
    oddFiles: [],
    changed: null,
    live: {
      timeline: 2,
      lsn: lsnFromNumber(timelineOf(model, 2).records.at(-1)?.position ?? 0),
      inRecovery: false,
      slots: [],
    },
    runs,
    partialFiles,
  };
}

function read({ model, inode }: Scene, params: Params<'wal-index'>): Result<'wal-index'> {
  const { timeline } = params;
  const [from, to] = [params.first, params.last].map((name) => rangeOfSegment(name, segmentBytes).first);
  const numbers = Array.from({ length: (to ?? 0) - (from ?? 0) + 1 }, (_, index) => (from ?? 0) + index);
  const last = numbers.flatMap((number) => recordsInFile(model, timeline, number)).at(-1);
  const lsn = last ? lsnFromNumber(last.position) : (params.carry?.lsn ?? null);
  const file = { bytes: segmentBytes, modifiedAt: noon - 60_000_000, inode: `${inode}${timeline}` };
  return {
    segments: numbers.map((number) => ({ ...summaryOf(model, timeline, number), file })),
    carry: lsn === null ? null : { lsn, open: [], unseenUpTo: null },
    end: params.from === 'archive' ? 'complete' : 'open',
    fault: null,
    openAt: null,
    systemIdentifier,
  };
}

/** Answers which timelines' unfinished files were read. */
async function look(scene: Scene): Promise<number[]> {
  const unfinished: number[] = [];
  const call = (op: string, params: Params<'wal-index'>): Promise<{ result: unknown }> => {
    if (op === 'wal-facts') return Promise.resolve({ result: factsOf(scene) });
    if (op === 'backup-list') return Promise.resolve({ result: { backups: [] } });
    if (op === 'relation-names') return Promise.resolve({ result: { available: false } });
    if (params.from === 'barman') unfinished.push(params.timeline);
    return Promise.resolve({ result: read(scene, params) });
  };
  const { server } = scene;
  const agent = { server, call } as unknown as AgentClient;
  const context = { sub: 'index', signal: new AbortController().signal };
  expect(await refreshServer({ database, clock: { now: () => noon }, agent, server, context, sweep: false })).toBe(
    true,
  );
  return unfinished;
}

/** The newest commit that is reached along a timeline. */
function newestOn(server: string, timeline: number): number | undefined {
  const { state } = loadWal(database.orm, server);
  const path = pictureOf(state, []).paths.find((one) => one.timeline === timeline);
  const { position } = path ? reachFrom(state, path, 1) : { position: null };
  if (!path || position === null) return undefined;
  const span = { timeline, first: 1, last: Math.floor(position / segmentBytes) };
  return walIndexReader(database.orm, server).lastWithCommit(span)?.lastCommit?.xid;
}

const lastXid = (model: WalModel, timeline: number): number | undefined =>
  timelineOf(model, timeline).records.at(-1)?.xid;

test('the last commits of a branch that was given up are reached in its last file, though nothing will make that whole', async () => {
  const scene = { server: 'main', model: modelWith(3), inode: 'a' };
  expect(await look(scene)).toEqual([1, 2]);
  for (const timeline of [1, 2]) expect(newestOn('main', timeline)).toBe(lastXid(scene.model, timeline));
  expect(holesOf(loadWal(database.orm, 'main').state)).toEqual([]);
  // It stays as it is, and is not read again; live's may grow at any time.
  expect(await look(scene)).toEqual([]);
});

test('a file that reaches further takes the place of the one that was read', async () => {
  const before = { server: 'second', model: modelWith(2), inode: 'a' };
  await look(before);
  expect(newestOn('second', 1)).toBe(lastXid(before.model, 1));
  const after = { server: 'second', model: modelWith(4), inode: 'b' };
  expect(await look(after)).toContain(1);
  expect(newestOn('second', 1)).toBe(lastXid(after.model, 1));
  expect(lastXid(after.model, 1)).not.toBe(lastXid(before.model, 1));
});
