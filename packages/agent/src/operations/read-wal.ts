import type { TimelineHistory } from '@barback/shared/postgres/timeline.ts';
import { ownerOfSegment } from '@barback/shared/postgres/timeline.ts';
import { parseSegmentName, segmentName } from '@barback/shared/postgres/segment.ts';
import { historyName } from '@barback/shared/postgres/timeline.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { rightsOf } from '../system/users.ts';
import type { WalAnswer, WalFile, WalRequestMessage } from '../wal-child/wal-request.ts';
import { walAnswerSchema } from '../wal-child/wal-request.ts';
import { barmanPlaces } from './barman-places.ts';
import { childArgv } from './child-argv.ts';
import { execute, failure } from './execute.ts';
import type { Call, Host } from './handler.ts';
import { readHistories } from './read-histories.ts';
import { listWal, type WalStore } from './wal-store.ts';

/** A place to read WAL from, and who may read it. */
export interface WalSource {
  readonly user: string | null;
  readonly segmentBytes: number;
  readonly history: TimelineHistory;
  /** The file of a segment; undefined when it is not there. `mayEnd`: WAL may end in it. */
  find(name: string): { readonly file: string; readonly mayEnd: boolean } | undefined;
}

/** The first two answer a request of the api; the third is part of a job. */
const childMs = { index: 55_000, ends: 55_000, replayed: 3_600_000 } as const;

/** Segments `first` to `last` by number along the source's path, up to the first that is not there. */
export function filesOnPath(
  source: WalSource,
  first: bigint,
  last: bigint,
): { files: WalFile[]; missing: string | null } {
  const files: WalFile[] = [];
  for (let number = first; number <= last; number += 1n) {
    const segment = segmentName(ownerOfSegment(source.history, number, source.segmentBytes), source.segmentBytes);
    const found = source.find(segment);
    if (!found) return { files, missing: segment };
    files.push({ segment, ...found });
  }
  return { files, missing: null };
}

/** Barman's WAL as it is stored now. */
export async function barmanSource(
  host: Host,
  timeline: number,
  use: 'archive' | 'barman',
  call: Call,
): Promise<WalSource> {
  const { wal, segmentBytes } = await barmanPlaces(host, call.signal);
  const store = await listWal(wal, segmentBytes);
  const user = host.server.barman.user ?? null;
  return {
    user,
    segmentBytes,
    history: await historyOf(store, timeline, user),
    find(name) {
      const stored = store.segments.get(name);
      if (!stored || (use === 'archive' && stored.place === 'partial')) return undefined;
      return { file: stored.file, mayEnd: stored.place === 'partial' };
    },
  };
}

async function historyOf(store: WalStore, timeline: number, user: string | null): Promise<TimelineHistory> {
  if (timeline === 1) return { timeline, ancestors: [] };
  const { histories, unreadable } = await readHistories(store, user);
  const found = histories.find((one) => one.timeline === timeline);
  if (found) return found;
  const reason = unreadable.find((one) => one.timeline === timeline)?.reason;
  throw new ProblemError('wal-missing', reason ?? `Barman does not hold ${historyName(timeline)}`, {
    next: 'copy the history file from pg_wal of the server that was promoted into wals/ of Barman',
    facts: { segment: historyName(timeline), timeline },
  });
}

/** A request without the rights that the child is to take. */
export type WalQuestion = {
  [W in WalRequestMessage['what']]: Omit<Extract<WalRequestMessage, { what: W }>, 'drop'>;
}[WalRequestMessage['what']];

/** Runs the child that reads WAL with the rights of a user (null: of the agent's own), behind everything else on the host. */
export async function askWalChild(user: string | null, question: WalQuestion, call: Call): Promise<WalAnswer> {
  const program = {
    argv: childArgv('wal'),
    user: null,
    stdin: JSON.stringify({ ...question, drop: await rightsOf(user) }),
    timeoutMs: childMs[question.what],
    background: true,
    outputBytesMax: 64 * 1024 * 1024,
  };
  const outcome = await execute(program, call.signal);
  if (outcome.exitCode !== 0) throw failure(program, outcome, 'postgres-failed');
  const answer = walAnswerSchema.parse(JSON.parse(outcome.stdout));
  if (answer.is === 'failed') throw new ProblemError(answer.type, answer.detail);
  return answer;
}

/** The number of a segment that a request names. */
export function requestedNumber(segment: string, segmentBytes: number): bigint {
  const parsed = parseSegmentName(segment, segmentBytes);
  if (parsed) return parsed.number;
  throw new ProblemError('validation-failed', `${segment} is not a segment of ${segmentBytes} bytes`, {
    next: 'ask wal-facts for the size of segments',
  });
}
