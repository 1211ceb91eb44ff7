import path from 'node:path';
import { keptDatabaseSchema } from '@barback/shared/operations/database.ts';
import { z } from 'zod';
import { listDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { Host } from './handler.ts';
import { scratchPlace } from './scratch-place.ts';

const recordSchema = keptDatabaseSchema.omit({ sizeBytes: true, occupant: true }).extend({ server: z.string() });

/** Which database a plan sets aside; written before its name is changed. */
export type KeptDatabaseRecord = z.infer<typeof recordSchema>;

export async function writeKeptDatabase(host: Host, record: KeptDatabaseRecord): Promise<void> {
  await writeAtomic(recordFile(host, record.plan), JSON.stringify(record));
}

export async function readKeptDatabase(host: Host, plan: string): Promise<KeptDatabaseRecord | undefined> {
  const text = await readIfExists(recordFile(host, plan));
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

/** Of this server, whether or not they are still there. */
export async function keptDatabases(host: Host): Promise<KeptDatabaseRecord[]> {
  const plans = await listDirectory(path.join(host.config.stateDirectory, 'plans'));
  const records = await Promise.all(plans.map((plan) => readKeptDatabase(host, plan)));
  return records.filter((one) => one !== undefined).filter((one) => one.server === host.serverName);
}

function recordFile(host: Host, plan: string): string {
  return path.join(scratchPlace(host, plan).records, 'kept-database.json');
}
