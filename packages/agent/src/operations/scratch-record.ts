import path from 'node:path';
import { z } from 'zod';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { identityOf, listDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { Host } from './handler.ts';
import { scratchPlace, type ScratchPlace } from './scratch-place.ts';

const directorySchema = z.strictObject({
  path: z.string(),
  /** Null until the directory has been made: then only an empty one is removed. */
  device: z.string().nullable(),
  inode: z.string().nullable(),
});

const recordSchema = z.strictObject({
  server: z.string(),
  plan: z.string(),
  directory: directorySchema,
  socket: directorySchema.nullable(),
  /** Microseconds since 1970. */
  createdAt: z.int(),
});

/** What the agent made for a plan, by device and inode: nothing else is ever deleted for it. */
export type ScratchRecord = z.infer<typeof recordSchema>;
export type OwnedDirectory = ScratchRecord['directory'];

export async function readRecord(place: ScratchPlace): Promise<ScratchRecord | undefined> {
  const text = await readIfExists(place.recordFile);
  if (text === undefined) return undefined;
  const parsed = recordSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new ProblemError('internal', `cannot read the record ${place.recordFile}`, {
    next: 'look at the scratch directory that it names and remove both by hand',
  });
}

export async function writeRecord(place: ScratchPlace, record: ScratchRecord): Promise<void> {
  await writeAtomic(place.recordFile, JSON.stringify(record));
}

/** Whether the path still holds exactly the directory that was made. */
export async function stillOwned(directory: OwnedDirectory): Promise<boolean> {
  const found = await identityOf(directory.path);
  return found !== undefined && found.device === directory.device && found.inode === directory.inode;
}

/** The plan's scratch, proven to be the directory that the agent made; throws when there is none or another one. */
export async function requireScratch(host: Host, plan: string): Promise<ScratchPlace> {
  const place = scratchPlace(host, plan);
  const record = await readRecord(place);
  if (!record) {
    throw new ProblemError('postgres-failed', `plan ${plan} has no scratch directory: nothing was recovered`, {
      next: 'run scratch-recover first',
    });
  }
  if (record.server !== host.serverName || record.directory.path !== place.directory) {
    throw new ProblemError('location-unsafe', `the scratch of plan ${plan} is ${record.directory.path}`, {
      next: "the agent's configuration changed after the copy was made: discard it and make a new plan",
    });
  }
  if (await stillOwned(record.directory)) return place;
  throw new ProblemError('location-unsafe', `${place.directory} is not the directory that the agent made`, {
    next: 'somebody replaced or removed it: look at it, then discard the scratch of this plan',
  });
}

/** Every scratch of the server that the agent knows of. */
export async function listRecords(host: Host): Promise<ScratchRecord[]> {
  const found: ScratchRecord[] = [];
  for (const plan of await listDirectory(path.join(host.config.stateDirectory, 'plans'))) {
    const record = await readRecord(scratchPlace(host, plan));
    if (record?.server === host.serverName) found.push(record);
  }
  return found;
}
