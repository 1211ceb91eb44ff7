import type { Params, Result } from '@barback/shared/operations/index.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentClient } from '../agents/agent-client.ts';
import type { Database } from '../db/database.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { heldFiles, historyOf, summaryOf, systemIdentifier } from '../targets/testing/model-search.ts';
import { recipesOf } from '../targets/testing/recipes.ts';
import {
  ancestry,
  filesOf,
  modelOf,
  noon,
  recordsInFile,
  segmentBytes,
  type WalModel,
} from '../targets/testing/wal-model.ts';
import { merged } from './ranges.ts';
import { readComplete } from './read-complete.ts';
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
afterAll(() => {
  temporary.remove();
});

/** What Barman holds at one moment: every file of the model up to a number. */
function archivedFiles(model: WalModel, upTo: number) {
  return heldFiles(model).filter(({ number }) => number <= upTo);
}

function walFacts(model: WalModel, upTo: number): Result<'wal-facts'> {
  const branches = model.timelines.filter((one) => one.parent !== null && filesOf(one).first <= upTo);
  const runs = archivedFiles(model, upTo).map(({ timeline, number }) => {
    const name = nameOfSegment(timeline, number, segmentBytes);
    return { timeline, first: name, last: name, place: 'archived' as const };
  });
  const histories = branches.map(({ timeline }) => historyOf(model, timeline));
  const nothing = { unreadableHistories: [], oddFiles: [], partialFiles: [], changed: null, live: null };
  return { time: noon, segmentBytes, histories, runs, catalogue: '1', ...nothing };
}

/** Reads along the path as far as files go; damaged ones end it. */
function walIndex(model: WalModel, params: Params<'wal-index'>): Result<'wal-index'> {
  const [from, to] = [params.first, params.last].map((name) => rangeOfSegment(name, segmentBytes).first);
  const way = ancestry(model, params.timeline);
  const segments: Result<'wal-index'>['segments'] = [];
  let lsn = params.carry?.lsn ?? null;
  for (let number = from ?? 0; number <= (to ?? 0); number += 1) {
    const owner = way.findLast((one) => filesOf(one).first <= number)?.timeline ?? params.timeline;
    segments.push(summaryOf(model, owner, number));
    const last = recordsInFile(model, owner, number).at(-1);
    if (last) lsn = lsnFromNumber(last.position);
  }
  const carry = lsn === null ? null : { lsn, open: [], unseenUpTo: null };
  return { segments, carry, end: 'complete', fault: null, openAt: null, systemIdentifier };
}

function agentOf(model: WalModel, upTo: number): AgentClient {
  const refuse = (): never => {
    throw new Error('a look only reads');
  };
  const answers: { readonly [op: string]: (params: never) => unknown } = {
    'wal-facts': () => walFacts(model, upTo),
    'wal-index': (params) => walIndex(model, params),
    'backup-list': () => ({ backups: [] }),
  };
  const evidence = { request: '', receipt: '' };
  return {
    server: 'main',
    call: (op, params) => Promise.resolve({ result: answers[op]?.(params as never) as never, evidence }),
    submit: refuse,
    jobStatus: refuse,
    jobCancel: refuse,
    jobObserve: refuse,
    claim: refuse,
    close: () => Promise.resolve(),
  };
}

let servers = 0;
const serverName = () => {
  servers += 1;
  return `server-${servers}`;
};

async function look(server: string, model: WalModel, upTo: number): Promise<void> {
  const agent = agentOf(model, upTo);
  const one = { database, clock: { now: () => noon }, agent, server, context: { sub: 'index' }, sweep: false };
  await refreshServer(one);
  await readComplete(one, 'all');
}

const recipes = recipesOf({
  records: fc.record({
    kind: fc.constantFrom('commit', 'abort', 'restore-point'),
    gap: fc.integer({ min: 1, max: 120_000 }),
    advance: fc.integer({ min: 0, max: 20 }),
    jitter: fc.integer({ min: -5, max: 5 }),
    name: fc.constantFrom('a', 'b'),
  }),
  recordsMax: 12,
  branchesMax: 3,
  backups: { min: 0, max: 0 },
  lost: { min: 0, max: 2, how: ['missing'] },
});

describe('an archive that grows', () => {
  test('is known after many looks as after one, and each segment was read', async () => {
    const moments = fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(recipes, moments, async (recipe, numbers) => {
        const model = modelOf(recipe);
        const [often, once] = [serverName(), serverName()];
        for (const upTo of [...numbers.toSorted((a, b) => a - b), 99]) await look(often, model, upTo);
        await look(once, model, 99);
        const held = merged(
          heldFiles(model).map(({ timeline, number }) => ({ timeline, first: number, last: number })),
        );
        for (const server of [often, once]) {
          const { state } = loadWal(database.orm, server);
          expect({ complete: state.complete, read: state.read }).toEqual({ complete: held, read: held });
          const index = walIndexReader(database.orm, server);
          for (const { timeline, records } of model.timelines) {
            const span = { timeline, first: 0, last: null };
            const files = heldFiles(model).filter((one) => one.timeline === timeline);
            const all = files.flatMap(({ number }) => recordsInFile(model, timeline, number));
            expect(index.commits(span)).toBe(all.filter((one) => one.kind === 'commit').length);
            const newest = state.ends.find((one) => one.timeline === timeline);
            expect(newest?.position).toBe(records.at(-1)?.position);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
