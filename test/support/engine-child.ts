import { readFileSync } from 'node:fs';
import { createAgentDirectory } from '@barback/api/agents/agent-directory.ts';
import { systemClock } from '@barback/api/clock.ts';
import { openDatabase } from '@barback/api/db/open-database.ts';
import { acquireOwnerLock } from '@barback/api/db/owner-lock.ts';
import { isActive } from '@barback/api/engine/record-run.ts';
import { importSigningKey, privateJwkSchema } from '@barback/shared/wire/keys.ts';
import { z } from 'zod';
import { engineOver, instanceId, until } from './engine-rig.ts';
import { loadRunView } from '@barback/api/engine/load-run-view.ts';

const orderSchema = z.strictObject({
  databasePath: z.string(),
  privateJwk: privateJwkSchema,
  runId: z.string(),
  /** Kill this process at its n-th write: before the transaction begins, or after its commit. Null: live on. */
  killAt: z.strictObject({ moment: z.enum(['before', 'after']), write: z.int().positive() }).nullable(),
});

export type EngineOrder = z.infer<typeof orderSchema>;

const order = orderSchema.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
let writes = 0;
let armed = false;

const lock = acquireOwnerLock(order.databasePath);
const database = openDatabase({
  path: order.databasePath,
  clock: systemClock,
  onWrite(moment) {
    if (!armed) return;
    if (moment === 'before') writes += 1;
    if (order.killAt?.moment === moment && order.killAt.write === writes) process.kill(process.pid, 'SIGKILL');
  },
});
const signingKey = await importSigningKey(order.privateJwk);
const agents = createAgentDirectory({ database, clock: systemClock, instanceId, signingKey });
const engine = engineOver(database, agents);
armed = true;
engine.start();
await until(
  () => loadRunView(database.orm, order.runId).state,
  (state) => !isActive(state),
);
await engine.stop();
await agents.close();
database.close();
lock.release();
