import path from 'node:path';
import { z } from 'zod';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { ensureDirectory, listDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { Host } from './handler.ts';
import { scratchPlace } from './scratch-place.ts';

const identity = { device: z.string(), inode: z.string() };

const swapSchema = z.strictObject({
  server: z.string(),
  plan: z.string(),
  live: z.strictObject({ path: z.string() }),
  /** Where it waits before, and again after a swap that was put back. */
  incoming: z.strictObject({ path: z.string(), ...identity }),
  /** What was at the live path; null when nothing was. */
  old: z.strictObject(identity).nullable(),
  /** Whether that was a cluster; false where live was deleted to make room, or emptied before. */
  oldIsCluster: z.boolean().default(true),
  keptPath: z.string(),
  /** Microseconds since 1970. */
  at: z.int(),
  /** What was meant last; what is so is told by the inodes. */
  state: z.enum(['intended', 'done', 'undone']),
});

/** An exchange of directories, written before the first rename. */
export type SwapRecord = z.infer<typeof swapSchema>;

/** What is exchanged: the directory at the live path, or Barman's of the server. */
type Exchanged = 'live' | 'barman';

const files: Readonly<Record<Exchanged, string>> = { live: 'swap.json', barman: 'barman-home.json' };

export async function readSwap(host: Host, plan: string, what: Exchanged = 'live'): Promise<SwapRecord | undefined> {
  const file = swapFile(host, plan, what);
  const text = await readIfExists(file);
  if (text === undefined) return undefined;
  const parsed = swapSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new ProblemError('internal', `cannot read the record of a swap ${file}`, {
      next: 'look at the directories that it names before anything else',
    });
  }
  return parsed.data.server === host.serverName ? parsed.data : undefined;
}

export async function writeSwap(host: Host, record: SwapRecord, what: Exchanged = 'live'): Promise<void> {
  await ensureDirectory(scratchPlace(host, record.plan).records);
  await writeAtomic(swapFile(host, record.plan, what), JSON.stringify(record));
}

/** Every swap of the server, oldest first: plans are named by their time. */
export async function listSwaps(host: Host): Promise<SwapRecord[]> {
  const plans = await listDirectory(path.join(host.config.stateDirectory, 'plans'));
  const records = await Promise.all(plans.map((plan) => readSwap(host, plan)));
  return records.filter((one) => one !== undefined);
}

export function swapFile(host: Host, plan: string, what: Exchanged = 'live'): string {
  return path.join(scratchPlace(host, plan).records, files[what]);
}
