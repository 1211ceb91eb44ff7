import path from 'node:path';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { listDirectory } from '../system/directory-tree.ts';
import type { Host } from './handler.ts';
import { discardMirrorHome, homeForBarman, homeOfPlan, readHomeForBarman, readMirrorHome } from './mirror-home.ts';
import { discardScratch } from './scratch-discard.ts';
import { listRecords } from './scratch-record.ts';

const microsPerHour = 3_600_000_000;

interface Forgotten {
  /** Null: whatever plan holds the server may use it. */
  readonly plan: string | null;
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
  const all = [...(await scratches(host)), ...(await mirrorHomes(host)), ...(await homeForNoPlan(host))];
  for (const { plan, createdAt, discard } of all) {
    if (createdAt > limit || (heldPlan !== null && (plan === null || plan === heldPlan))) continue;
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
    const home = homeOfPlan(host, plan);
    const record = await readMirrorHome(home);
    if (record?.server !== host.serverName) continue;
    found.push({ plan, createdAt: record.createdAt, discard: () => discardMirrorHome(home) });
  }
  return found;
}

/** What was to become Barman's own. */
async function homeForNoPlan(host: Host): Promise<Forgotten[]> {
  const record = await readHomeForBarman(host);
  if (record === undefined) return [];
  const { path: directory, createdAt } = record;
  return [{ plan: null, createdAt, discard: () => discardMirrorHome({ ...homeForBarman(host, ''), directory }) }];
}
