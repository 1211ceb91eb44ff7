import { operations, type OpName } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import type { TimedAttempt } from '../engine/decide.ts';
import type { Step } from './step.ts';
import { resultsOf } from './step-results.ts';

const droppedSchema = operations['slot-drop'].result.extend({ slot: z.string() });

/** What a new baseline changed; a part that a failed run did not get to is null or empty. */
export const rebaselineResultSchema = z.strictObject({
  /** The slots that were dropped, with what each had kept. */
  dropped: z.array(droppedSchema),
  /** Barman's slot as it was made anew. */
  slot: z.strictObject({ name: z.string(), restartLsn: z.string().nullable() }).nullable(),
  /** Files in pg_wal of live, before and after the checkpoint. */
  walBytesBefore: z.int().nullable(),
  walBytesAfter: z.int().nullable(),
  /** WAL that Barman will not get any more: behind the newest file it had received, before the one it goes on with. */
  givenUp: z.strictObject({ received: z.string().nullable(), continues: z.string() }).nullable(),
  /** The first segment that arrived afterwards. */
  archivedSegment: z.string().nullable(),
  backup: operations['backup-create'].result.nullable(),
});

export type RebaselineResult = z.infer<typeof rebaselineResultSchema>;

/** Puts the result together from what the steps answered. Pure. */
export function rebaselineResult(steps: readonly Step[], attempts: readonly TimedAttempt[]): RebaselineResult {
  const all = <N extends OpName>(op: N) => resultsOf(steps, attempts, op);
  const [checkpoint] = all('live-checkpoint');
  const [created] = all('slot-create');
  const [aligned] = all('receive-wal-align');
  return {
    dropped: all('slot-drop').map(({ params, result }) => ({ ...result, slot: params.slot })),
    slot: created ? { name: created.params.slot, restartLsn: created.result.restartLsn } : null,
    walBytesBefore: checkpoint?.result.walBytesBefore ?? null,
    walBytesAfter: checkpoint?.result.walBytesAfter ?? null,
    givenUp: aligned?.result.changed ? { received: aligned.result.received, continues: aligned.result.segment } : null,
    archivedSegment: all('wal-switch')[0]?.result.segment ?? null,
    backup: all('backup-create')[0]?.result ?? null,
  };
}
