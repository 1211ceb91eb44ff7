import path from 'node:path';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { listDirectory } from '../system/directory-tree.ts';
import type { Host } from './handler.ts';
import { discardMirrorHome, readMirrorHome } from './mirror-home.ts';
import { discardScratch } from './scratch-discard.ts';
import { listRecords } from './scratch-record.ts';

const microsPerHour = 3_600_000_000;

interface Forgotten {
  readonly plan: string;
  readonly createdAt: Micros;
  readonly discard: () => Promise<unknown>;
}

/**
 * Discards scratches, and what was fetched from the mirror, of plans that no longer hold the server and are older than `keepHours`; one that
 * cannot go stops no other.
 */
export async function sweepScratches(host: Host, heldPlan: string | null, now: Micros): Promise<void> {
  const limit = now - host.server.scratch.keepHours * microsPerHour;
  const failed: unknown[] = [];
  for (const { plan, createdAt, discard } of [...(await scratches(host)), ...(await mirrorHomes(host))]) {
    if (plan === heldPlan || createdAt > limit) continue;
    await discard().catch((error: unknown) => void failed.push(error));
  }
  if (failed.length > 0) throw failed[0];
}

async function scratches(host: Host): Promise<Forgotten[]> {
  const records = await listRecords(host);
  return records.map(({ plan, createdAt }) => ({ plan, createdAt, discard: () => discardScratch(host, plan) }));
}

async function mirrorHomes(host: Host): Promise<Forgotten[]> {
  const found: Forgotten[] = [];
  for (const plan of await listDirectory(path.join(host.config.stateDirectory, 'plans'))) {
    const record = await readMirrorHome(host, plan);
    if (record?.server !== host.serverName) continue;
    found.push({ plan, createdAt: record.createdAt, discard: () => discardMirrorHome(host, plan) });
  }
  return found;
}
