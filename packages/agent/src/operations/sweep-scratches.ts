import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { Host } from './handler.ts';
import { discardScratch } from './scratch-discard.ts';
import { listRecords } from './scratch-record.ts';

const microsPerHour = 3_600_000_000;

/** Discards scratches of plans that no longer hold the server and are older than `keepHours`; one that cannot go stops no other. */
export async function sweepScratches(host: Host, heldPlan: string | null, now: Micros): Promise<void> {
  const limit = now - host.server.scratch.keepHours * microsPerHour;
  const failed: unknown[] = [];
  for (const record of await listRecords(host)) {
    if (record.plan === heldPlan || record.createdAt > limit) continue;
    await discardScratch(host, record.plan).catch((error: unknown) => void failed.push(error));
  }
  if (failed.length > 0) throw failed[0];
}
