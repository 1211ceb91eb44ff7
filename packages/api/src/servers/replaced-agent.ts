import type { Json } from '@barback/shared/wire/json.ts';
import type { Tx } from '../db/database.ts';
import { abandonRuns } from '../engine/abandon-runs.ts';
import type { RecordDeps } from '../engine/record.ts';
import { leftBehindBy } from '../mirror/left-behind.ts';

/** What another agent's taking over means for a server: what was known of the old host is kept, and what ran there has ended. */
export function replacedAgent(deps: RecordDeps, server: string): (tx: Tx) => Readonly<Record<string, Json>> {
  return (tx) => ({
    leftBehind: leftBehindBy(tx, server, deps.clock),
    abandoned: abandonRuns(tx, deps, server),
  });
}
