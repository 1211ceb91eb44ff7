import path from 'node:path';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { Host } from './handler.ts';
import { scratchPlace } from './scratch-place.ts';
import { swapSchema, type SwapRecord } from './swap-record.ts';

/** An exchange of Barman's directory of the server, written before the first rename. */
export async function readHomeSwap(host: Host, plan: string): Promise<SwapRecord | undefined> {
  const text = await readIfExists(file(host, plan));
  return text === undefined ? undefined : swapSchema.parse(JSON.parse(text));
}

export async function writeHomeSwap(host: Host, record: SwapRecord): Promise<void> {
  await ensureDirectory(scratchPlace(host, record.plan).records);
  await writeAtomic(file(host, record.plan), JSON.stringify(record));
}

function file(host: Host, plan: string): string {
  return path.join(scratchPlace(host, plan).records, 'barman-home.json');
}
