import { parseSegmentName } from '@barback/shared/postgres/segment.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { Hole } from './holes.ts';
import type { WindowView } from './window-schema.ts';

/** WAL that a run of `rebaseline` gave up. */
export interface GivenUp {
  readonly run: string;
  readonly at: Micros;
  /** The newest file that Barman had received, and the segment that it went on with. */
  readonly received: string | null;
  readonly continues: string;
  /** The slot that was dropped; null when there was none. */
  readonly slot: string | null;
}

type Told = Pick<WindowView['holes'][number], 'cause' | 'detail'>;

/** Why a hole is there: missing WAL that was given up on purpose is told as that. Pure. */
export function causeOf(hole: Hole, all: readonly GivenUp[], segmentBytes: number): Told {
  const { cause, detail } = hole;
  const by = cause === 'missing' ? all.find((one) => covers(one, hole, segmentBytes)) : undefined;
  if (!by) return { cause, detail };
  const how =
    by.slot === null ? 'receive-wal was set to go on behind it' : `the slot ${by.slot} that kept it was dropped`;
  return { cause: 'given-up', detail: `${detail}: ${how} by run ${by.run} (${formatInstant(by.at)})` };
}

function covers({ received, continues }: GivenUp, hole: Hole, segmentBytes: number): boolean {
  const first = received === null ? undefined : parseSegmentName(received.replace(/\.partial$/, ''), segmentBytes);
  const next = parseSegmentName(continues, segmentBytes);
  if (!first || next?.timeline !== hole.timeline) return false;
  return Number(first.number) <= hole.first && hole.last < Number(next.number);
}
