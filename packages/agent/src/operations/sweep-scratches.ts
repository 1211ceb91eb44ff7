import path from 'node:path';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { listDirectory } from '../system/directory-tree.ts';
import { discardFresh } from './fresh-database.ts';
import type { Host } from './handler.ts';
import { discardDump, findImport } from './import-record.ts';
import { discardMirrorHome, homeForBarman, homeOfPlan, readHomeForBarman, readMirrorHome } from './mirror-home.ts';
import { discardScratch } from './scratch-discard.ts';
import { discardPlanFile } from './provision-discard.ts';
import { readProvision } from './provision-record.ts';
import { listRecords } from './scratch-record.ts';

const microsPerHour = 3_600_000_000;
/** They are of no use to anybody once their run is over. */
const planFileHours = 24;

interface Forgotten {
  /** Null: whatever plan holds the server may use it. */
  readonly plan: string | null;
  readonly createdAt: Micros;
  readonly discard: () => Promise<unknown>;
}

/**
 * Discards scratches, what was fetched from the mirror, imports and plans of Terraform, of plans that no longer hold the server and are older than `keepHours`; one that
 * cannot go stops no other.
 */
export async function sweepScratches(host: Host, heldPlan: string | null, now: Micros): Promise<void> {
  const makesHosts = Object.hasOwn(host.config.provisioners, host.serverName);
  const limit = now - (makesHosts ? planFileHours : host.server.scratch.keepHours) * microsPerHour;
  const failed: unknown[] = [];
  const all = makesHosts ? await planFiles(host) : await ofDatabase(host);
  for (const { plan, createdAt, discard } of all) {
    if (createdAt > limit || (heldPlan !== null && (plan === null || plan === heldPlan))) continue;
    await discard().catch((error: unknown) => void failed.push(error));
  }
  if (failed.length > 0) throw failed[0];
}

async function ofDatabase(host: Host): Promise<Forgotten[]> {
  const all = [scratches(host), mirrorHomes(host), homeForNoPlan(host), imports(host)];
  return (await Promise.all(all)).flat();
}

const plansOf = ({ config }: Host): Promise<string[]> => listDirectory(path.join(config.stateDirectory, 'plans'));

const dropMs = 600_000;

/** The dump, and what was loaded of it and has never got the name of live. */
async function imports(host: Host): Promise<Forgotten[]> {
  const found: Forgotten[] = [];
  for (const plan of await plansOf(host)) {
    const record = await findImport(host, plan);
    if (record?.server !== host.serverName) continue;
    const discard = async () => {
      await discardDump(record);
      await discardFresh(host, plan, { signal: AbortSignal.timeout(dropMs) });
    };
    found.push({ plan, createdAt: record.createdAt, discard });
  }
  return found;
}

/** Files of plans of Terraform, which hold the values of variables. */
async function planFiles(host: Host): Promise<Forgotten[]> {
  const found: Forgotten[] = [];
  for (const plan of await plansOf(host)) {
    const record = await readProvision(host, plan);
    if (record?.server !== host.serverName) continue;
    found.push({ plan, createdAt: record.createdAt, discard: () => discardPlanFile(host, record) });
  }
  return found;
}

async function scratches(host: Host): Promise<Forgotten[]> {
  const records = await listRecords(host);
  return records.map(({ plan, createdAt }) => ({ plan, createdAt, discard: () => discardScratch(host, plan) }));
}

async function mirrorHomes(host: Host): Promise<Forgotten[]> {
  const found: Forgotten[] = [];
  for (const plan of await plansOf(host)) {
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
