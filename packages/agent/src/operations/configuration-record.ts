import path from 'node:path';
import { z } from 'zod';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { Host } from './handler.ts';
import { scratchPlace } from './scratch-place.ts';

const recordSchema = z.array(
  z.strictObject({
    path: z.string(),
    /** One character for each byte; null: there was no such file. */
    before: z.string().nullable(),
    /** Of what the plan has written. */
    sha256: z.string(),
  }),
);

/** What a plan replaces of the configuration of live: written before the first file is. */
export type ConfigurationRecord = z.infer<typeof recordSchema>;

export async function readConfigurationRecord(host: Host, plan: string): Promise<ConfigurationRecord | undefined> {
  const text = await readIfExists(recordFile(host, plan));
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

export async function writeConfigurationRecord(host: Host, plan: string, record: ConfigurationRecord): Promise<void> {
  await ensureDirectory(scratchPlace(host, plan).records);
  await writeAtomic(recordFile(host, plan), JSON.stringify(record));
}

function recordFile(host: Host, plan: string): string {
  return path.join(scratchPlace(host, plan).records, 'configuration.json');
}
