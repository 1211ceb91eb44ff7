import path from 'node:path';
import { z } from 'zod';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { Call, Host } from './handler.ts';
import { readProtection } from './protection.ts';
import { scratchPlace } from './scratch-place.ts';

const walPlacesSchema = z.strictObject({
  wal: z.strictObject({ wals: z.string(), incoming: z.string(), streaming: z.string(), kept: z.string() }),
  segmentBytes: z.int().positive(),
  slotName: z.string().nullable(),
  receiverName: z.string(),
});

/** Where Barman keeps WAL of the server, as far as a step needs to know that must not wait for Barman. */
export type WalPlaces = z.infer<typeof walPlacesSchema>;

/** What the plan's first step learned; where it left nothing, Barman is asked, which takes longer than everything else in the outage. */
export async function readWalPlaces(host: Host, plan: string, call: Call): Promise<WalPlaces> {
  const text = await readIfExists(placesFile(host, plan));
  if (text !== undefined) return walPlacesSchema.parse(JSON.parse(text));
  return placesOf(await readProtection(host, call));
}

export async function writeWalPlaces(host: Host, plan: string, places: WalPlaces): Promise<void> {
  await ensureDirectory(scratchPlace(host, plan).records);
  await writeAtomic(placesFile(host, plan), JSON.stringify(places));
}

export function placesOf({ wal, segmentBytes, slotName, receiverName }: WalPlaces): WalPlaces {
  return { wal, segmentBytes, slotName, receiverName };
}

function placesFile(host: Host, plan: string): string {
  return path.join(scratchPlace(host, plan).records, 'wal-places.json');
}
