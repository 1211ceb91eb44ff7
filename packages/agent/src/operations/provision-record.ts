import path from 'node:path';
import { operations } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { Host } from './handler.ts';

const recordSchema = z.strictObject({
  server: z.string(),
  /** Microseconds since 1970. */
  createdAt: z.int(),
  work: z.string(),
  /** Null until the file is complete. */
  planned: operations['provision-plan'].result.nullable(),
  /** From the moment it begins: what it does then cannot be told from outside. */
  applying: z.boolean(),
  applied: operations['provision-apply'].result.nullable(),
});

/** What the agent remembers of a plan's file. */
export type ProvisionRecord = z.infer<typeof recordSchema>;

export async function readProvision(host: Host, plan: string): Promise<ProvisionRecord | undefined> {
  const text = await readIfExists(recordFile(host, plan));
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

export async function writeProvision(host: Host, plan: string, record: ProvisionRecord): Promise<void> {
  await ensureDirectory(path.dirname(recordFile(host, plan)));
  await writeAtomic(recordFile(host, plan), JSON.stringify(record));
}

export const planFileOf = ({ work }: ProvisionRecord): string => path.join(work, 'plan');

function recordFile(host: Host, plan: string): string {
  return path.join(host.config.stateDirectory, 'plans', plan, 'provision.json');
}
