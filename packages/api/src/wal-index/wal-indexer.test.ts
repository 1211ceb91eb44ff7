import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentClient, CallContext } from '../agents/agent-client.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../db/testing/temporary-database.ts';
import { createWalIndexer, type WalIndexer } from './wal-indexer.ts';
import { unreadSegments } from './wal-state.ts';
import { loadWal } from './wal-store.ts';

const noon = 1_795_348_800_000_000;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Barman holds three segments. */
const facts: Result<'wal-facts'> = {
  time: noon,
  segmentBytes: 16 * 1024 * 1024,
  histories: [],
  unreadableHistories: [],
  runs: [{ timeline: 1, first: '000000010000000000000001', last: '000000010000000000000003', place: 'archived' }],
  oddFiles: [],
  partialFiles: [],
  changed: null,
  catalogue: '1',
  live: null,
};

type Answer = (op: string, context: CallContext) => unknown;

let temporary: TemporaryDatabase;
let index: WalIndexer;
beforeEach(() => {
  temporary = temporaryDatabase();
});
afterEach(async () => {
  await index.stop();
  temporary.remove();
});

function indexOver(answer: Answer): WalIndexer {
  const refuse = (): never => {
    throw new Error('a look only reads');
  };
  const agent: AgentClient = {
    server: 'main',
    call: async (op, _params, context) => ({
      result: (await answer(op, context)) as never,
      evidence: { request: '', receipt: '' },
    }),
    submit: refuse,
    jobStatus: refuse,
    jobCancel: refuse,
    jobObserve: refuse,
    claim: refuse,
    close: () => Promise.resolve(),
  };
  const { database } = temporary;
  const agents = { client: () => agent, close: () => Promise.resolve() };
  index = createWalIndexer({ database, agents, clock: { now: () => noon }, log: quiet, everyMs: 0 });
  return index;
}

const nothingRead = { segments: [], carry: null, end: 'vanished', fault: null, openAt: null, systemIdentifier: null };

/** Lists, and answers that no segment can be read now. */
const listing: Answer = (op) => ({ 'wal-facts': facts, 'backup-list': { backups: [] }, 'wal-index': nothingRead })[op];

const unreachable: Answer = () => {
  throw new ProblemError('agent-unreachable', 'cannot reach the agent of server main');
};

/** Answers when its asker gives up, as a host does that is too slow. */
const silent: Answer = async (_, { signal }) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });

const unread = () => unreadSegments(loadWal(temporary.database.orm, 'main').state);

describe('whoever asks before an answer from the index', () => {
  test('is told that it is fresh after a look that came to its end, and by a second question soon after', async () => {
    const none: Answer = (op) => (op === 'wal-facts' ? { ...facts, runs: [] } : listing(op, { sub: 'index' }));
    const over = indexOver(none);
    expect([await over.freshen('main'), await over.freshen('main'), unread()]).toEqual([true, true, 0]);
  });

  test('is told that it is not while segments that Barman lists were not read, and these are counted', async () => {
    const over = indexOver(listing);
    expect([await over.freshen('main'), await over.freshen('main'), unread()]).toEqual([false, false, 3]);
  });

  test('is told that it is not when the agent cannot tell, also by a second question soon after', async () => {
    const over = indexOver(unreachable);
    expect([await over.freshen('main'), await over.freshen('main')]).toEqual([false, false]);
    expect(loadWal(temporary.database.orm, 'main').problem).toMatchObject({
      type: 'urn:barback:problem:agent-unreachable',
    });
  });

  test('is told that it is not when the look takes longer than it may', async () => {
    expect(await indexOver(silent).catchUp('main', { limitMs: 20 })).toBe(false);
  });
});
