import path from 'node:path';
import { operations } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { identityOf, makeDirectory } from '../system/directory-tree.ts';
import { isKnownAgain } from '../system/known-again.ts';
import type { Host } from './handler.ts';
import { scratchPlace } from './scratch-place.ts';
import { requireNewPlace } from './trusted-place.ts';

const recordSchema = z.strictObject({
  directory: z.strictObject({ path: z.string(), device: z.string(), inode: z.string() }),
  schema: z.string().nullable(),
  leftOut: z.array(z.string()),
  /** Null until the dump is complete. */
  result: operations['extract-dump'].result.nullable(),
});

/** What the agent remembers of a plan's dump, so that it never takes a stranger's directory for it. */
export type ExtractRecord = z.infer<typeof recordSchema>;

/** Beside the data directory like a copy, and not in it: the copy goes at the end of the run, the dump stays. */
function extractDirectory(host: Host, plan: string): string {
  const { dataDirectory } = host.server.postgres;
  return path.join(scratchPlace(host, plan).parent, `${path.basename(dataDirectory)}.extract-${plan}`);
}

export async function readExtract(host: Host, plan: string): Promise<ExtractRecord | undefined> {
  const text = await readIfExists(recordFile(host, plan));
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

export async function writeExtract(host: Host, plan: string, record: ExtractRecord): Promise<void> {
  await writeAtomic(recordFile(host, plan), JSON.stringify(record));
}

/** The plan's own directory, made when it is not there; the agent's, and nobody else reads it. */
export async function claimExtractDirectory(host: Host, plan: string, schema: string | null): Promise<ExtractRecord> {
  const known = await readExtract(host, plan);
  if (known && (await isStillThere(known))) return { ...known, schema };
  const directory = extractDirectory(host, plan);
  await requireNewPlace(host, directory);
  await makeDirectory(directory);
  const found = await identityOf(directory);
  if (!found) throw new Error(`cannot find ${directory}, which was just made`);
  const record = {
    directory: { path: directory, device: found.device, inode: found.inode },
    schema,
    leftOut: [],
    result: null,
  };
  await writeExtract(host, plan, record);
  return record;
}

export async function isStillThere({ directory }: ExtractRecord): Promise<boolean> {
  return isKnownAgain(directory, await identityOf(directory.path));
}

function recordFile(host: Host, plan: string): string {
  return path.join(scratchPlace(host, plan).records, 'extract.json');
}
