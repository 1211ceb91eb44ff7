import { lsnFromNumber, lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { AgentClient, CallContext } from '../agents/agent-client.ts';
import type { ExactEnd, ExactReader } from '../window/index-reader.ts';
import { nameOfSegment } from './segment-range.ts';
import type { WalState } from './wal-state.ts';

/** Segments whose transactions are remembered: questions about one incident come back to the same few. */
const rememberedMax = 64;

/** Remembers what was read of segments that cannot change any more, for all servers. */
export class EndsCache {
  readonly #ends = new Map<string, readonly ExactEnd[]>();

  get(key: string): readonly ExactEnd[] | undefined {
    const known = this.#ends.get(key);
    if (known) {
      this.#ends.delete(key);
      this.#ends.set(key, known);
    }
    return known;
  }

  set(key: string, ends: readonly ExactEnd[]): void {
    this.#ends.set(key, ends);
    const oldest = this.#ends.keys().next();
    if (this.#ends.size > rememberedMax && !oldest.done) this.#ends.delete(oldest.value);
  }
}

export interface ExactReaderOptions {
  readonly agent: AgentClient;
  readonly server: string;
  readonly state: WalState;
  readonly context: CallContext;
  readonly cache: EndsCache;
}

/** Reads single segments through the agent. */
export function exactReader({ agent, server, state, context, cache }: ExactReaderOptions): ExactReader {
  const { segmentBytes } = state;
  const keyOf = (timeline: number, number: number): string => {
    const end = state.ends.find((one) => one.timeline === timeline);
    // The last segment grows: what was read of it holds only for this end.
    const grown = end?.number === number ? end.position : '';
    return JSON.stringify([server, state.systemIdentifier, timeline, number, grown]);
  };
  const ask = async (timeline: number, number: number, at: number | null) => {
    const segment = nameOfSegment(timeline, number, segmentBytes);
    const params = { server, timeline, segment, at: at === null ? null : lsnFromNumber(at) };
    const { result } = await agent.call('wal-ends', params, context);
    if (result.cut) {
      throw new ProblemError('internal', `more than ${result.xids.length} transactions ended in segment ${segment}`, {
        next: 'Choose the target as an LSN',
      });
    }
    const aborts = new Set(result.aborts);
    const ends = result.xids.map((xid, index): ExactEnd => {
      const offset = result.offsets[index] ?? 0;
      const time = result.times[index] ?? 0;
      return { kind: aborts.has(index) ? 'abort' : 'commit', xid, position: number * segmentBytes + offset, time };
    });
    cache.set(keyOf(timeline, number), ends);
    return { ends, recordAt: result.recordAt };
  };
  return {
    ends: async (timeline, number) => cache.get(keyOf(timeline, number)) ?? (await ask(timeline, number, null)).ends,
    async recordAt(timeline, position) {
      const { recordAt } = await ask(timeline, Math.floor(position / segmentBytes), position);
      return recordAt === null ? null : lsnToNumber(recordAt);
    },
  };
}
