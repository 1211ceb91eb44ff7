import { randomBytes } from 'node:crypto';
import { differencesMax } from '@barback/shared/operations/scratch-compare.ts';
import { z } from 'zod';
import {
  clusterInventorySchema,
  clusterInventorySql,
  differencesOf,
  extensionsSchema,
  extensionsSql,
  type Inventory,
} from '../postgres/inventory.ts';
import { databasesSql } from '../postgres/table-counts.ts';
import { requirePlan } from './backup-lease.ts';
import { requireCopyProcess, serverProcess } from './copy-process.ts';
import { askJson, copyServer, liveServer, type SqlServer } from './copy-sql.ts';
import type { Handler } from './handler.ts';
import { requireScratch } from './scratch-record.ts';

const databasesSchema = z.array(z.object({ name: z.string() }));
const notCompared = { available: false, count: 0, differences: [] };

export const scratchCompare: Handler<'scratch-compare'> = {
  async perform(host, _params, call) {
    const place = await requireScratch(host, requirePlan(call));
    await requireCopyProcess(place);
    if (!(await serverProcess(host.server.postgres.dataDirectory))) return notCompared;
    const salt = randomBytes(32).toString('hex');
    const live = await inventoryOf(liveServer(host), salt, call.signal).catch((error: unknown) => {
      if (call.signal.aborted) throw error;
      call.log(`live does not answer: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    });
    if (live === null) return notCompared;
    const copy = await inventoryOf(copyServer(host, place), salt, call.signal);
    const found = differencesOf(copy, live, host.server.probeRole);
    return { available: true, count: found.length, differences: found.slice(0, differencesMax) };
  },

  /** It changes nothing: an attempt with an unknown outcome is simply asked again. */
  async observe() {
    return { is: 'absent' };
  },
};

async function inventoryOf(server: SqlServer, salt: string, signal: AbortSignal): Promise<Inventory> {
  const cluster = await askJson(server, clusterInventorySql(salt), clusterInventorySchema, signal);
  let extension: Record<string, string> = {};
  for (const { name } of await askJson(server, databasesSql, databasesSchema, signal)) {
    const inside = await askJson({ ...server, database: name }, extensionsSql, extensionsSchema, signal);
    extension = { ...extension, ...inside };
  }
  return { ...cluster, extension };
}
