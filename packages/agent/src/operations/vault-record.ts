import path from 'node:path';
import { z } from 'zod';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { Host } from './handler.ts';

const recordSchema = z.strictObject({
  destination: z.string(),
  version: z.string(),
  /** Of everything that it was made of, secrets included: only the agent's own user may read this. */
  digest: z.string(),
  files: z.record(z.string(), z.strictObject({ size: z.int(), sha256: z.string() })),
  told: z.strictObject({
    files: z.int(),
    bytes: z.int(),
    sealed: z.int(),
    leftOut: z.array(
      z.strictObject({ path: z.string(), why: z.enum(['secret', 'unreadable', 'too-large', 'too-many']) }),
    ),
  }),
});

/** The newest version of the vault on the box, and what it consists of. */
export type VaultRecord = z.infer<typeof recordSchema>;

/** Undefined as well when an older agent has written it: then there is a new version. */
export async function readVaultRecord(host: Host): Promise<VaultRecord | undefined> {
  const text = await readIfExists(recordFile(host));
  return text === undefined ? undefined : recordSchema.safeParse(JSON.parse(text)).data;
}

export async function writeVaultRecord(host: Host, record: VaultRecord): Promise<void> {
  await ensureDirectory(path.dirname(recordFile(host)));
  await writeAtomic(recordFile(host), JSON.stringify(record));
}

function recordFile(host: Host): string {
  return path.join(host.config.stateDirectory, 'mirrors', `${host.serverName}.vault.json`);
}
