import path from 'node:path';
import { operations, type Result } from '@barback/shared/operations/index.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { Host } from './handler.ts';
import { scratchPlace } from './scratch-place.ts';

/** A slot as it was just before it was dropped: after a crash in between, this tells an old slot from one made anew. */
export async function readSlotRecord(host: Host, plan: string, slot: string): Promise<Result<'slot-drop'> | undefined> {
  const text = await readIfExists(recordFile(host, plan, slot));
  return text === undefined ? undefined : operations['slot-drop'].result.parse(JSON.parse(text));
}

export async function writeSlotRecord(
  host: Host,
  plan: string,
  { slot, seen }: { readonly slot: string; readonly seen: Result<'slot-drop'> },
): Promise<void> {
  await ensureDirectory(scratchPlace(host, plan).records);
  await writeAtomic(recordFile(host, plan, slot), JSON.stringify(seen));
}

function recordFile(host: Host, plan: string, slot: string): string {
  return path.join(scratchPlace(host, plan).records, `slot-${slot}.json`);
}
