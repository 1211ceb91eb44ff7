import path from 'node:path';
import { z } from 'zod';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Host } from './handler.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';

const leaseSchema = z.strictObject({
  /** The keep that the operator had before the first lease. */
  previous: z.enum(['none', 'full', 'standalone']),
  plans: z.array(z.string()),
});

/** Who depends on a backup: Barman has one keep annotation per backup, so the agent counts (T9). */
export type Lease = z.infer<typeof leaseSchema>;

function leaseFile(host: Host, backupId: string): string {
  return path.join(host.config.stateDirectory, 'leases', host.serverName, `${backupId}.json`);
}

export async function readLease(host: Host, backupId: string): Promise<Lease | undefined> {
  const file = leaseFile(host, backupId);
  const text = await readIfExists(file);
  if (text === undefined) return undefined;
  const parsed = leaseSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new ProblemError('internal', `cannot read the lease ${file}`, {
    next: 'compare it with `barman keep --status` and correct or remove the file by hand',
  });
}

export async function writeLease(host: Host, backupId: string, lease: Lease): Promise<void> {
  const file = leaseFile(host, backupId);
  await ensureDirectory(path.dirname(path.dirname(file)));
  await ensureDirectory(path.dirname(file));
  await writeAtomic(file, JSON.stringify(lease));
}
