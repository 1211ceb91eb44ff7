import type { Json } from '@barback/shared/wire/json.ts';
import type { Tx } from '../db/database.ts';
import { abandonRuns } from '../engine/abandon-runs.ts';
import type { RecordDeps } from '../engine/record.ts';
import { leftBehindBy } from '../mirror/left-behind.ts';

/** What another agent's taking over means for a server: what was known is kept, and what ran on another host has ended. */
export function replacedAgent(
  deps: RecordDeps,
  given: { readonly server: string; readonly heldBy: string | null },
): (tx: Tx) => Readonly<Record<string, Json>> {
  return (tx) => ({
    leftBehind: leftBehindBy(tx, given.server, deps.clock),
    abandoned: abandonRuns(tx, deps, given),
  });
}
