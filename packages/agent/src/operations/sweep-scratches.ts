import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { Host } from './handler.ts';
import { discardScratch } from './scratch-discard.ts';
import { listRecords } from './scratch-record.ts';

const microsPerHour = 3_600_000_000;

/** Discards scratches of plans that no longer hold the server and are older than `keepHours`. */
export async function sweepScratches(host: Host, heldPlan: string | null, now: Micros): Promise<void> {
  const limit = now - host.server.scratch.keepHours * microsPerHour;
  for (const record of await listRecords(host)) {
    if (record.plan !== heldPlan && record.createdAt <= limit) await discardScratch(host, record.plan);
  }
}
