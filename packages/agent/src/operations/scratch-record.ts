import path from 'node:path';
import { z } from 'zod';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { identityOf, listDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { isKnownAgain } from '../system/known-again.ts';
import type { Host } from './handler.ts';
import { scratchPlace, type ScratchPlace } from './scratch-place.ts';

/** Device and inode are null until the directory has been made: then only an empty one is removed. */
const identityFields = { path: z.string(), device: z.string().nullable(), inode: z.string().nullable() };
const directorySchema = z.strictObject(identityFields);

const recordSchema = z.strictObject({
  server: z.string(),
  plan: z.string(),
  directory: directorySchema,
  socket: directorySchema.nullable(),
  /** Made beside those of live for a copy that takes live's place; otherwise they lie in the scratch directory. */
  tablespaces: z.array(z.strictObject({ name: z.string(), ...identityFields })).default([]),
  /** Where the copy's pg_wal goes, as live has its own behind a symbolic link. */
  wal: directorySchema.nullable().default(null),
  /** The copy's data directory at the place that it is sealed in; written before it is moved there. */
  sealed: directorySchema.nullable().default(null),
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

export async function requireRecord(place: ScratchPlace): Promise<ScratchRecord> {
  const record = await readRecord(place);
  if (record) return record;
  throw new ProblemError('postgres-failed', `plan ${place.plan} has no scratch directory: nothing was recovered`, {
    next: 'run scratch-recover first',
  });
}

export async function writeRecord(place: ScratchPlace, record: ScratchRecord): Promise<void> {
  await writeAtomic(place.recordFile, JSON.stringify(record));
}

/** The directories of a copy that lie outside its scratch directory. */
export function directoriesBeside(record: ScratchRecord): readonly OwnedDirectory[] {
  return [...record.tablespaces, ...(record.wal ? [record.wal] : [])];
}

/** Whether the path still holds exactly the directory that was made. */
export async function stillOwned(directory: OwnedDirectory): Promise<boolean> {
  return isKnownAgain(directory, await identityOf(directory.path));
}

/** The plan's scratch, proven to be the directory that the agent made; throws when there is none or another one. */
export async function requireScratch(host: Host, plan: string): Promise<ScratchPlace> {
  const place = scratchPlace(host, plan);
  const record = await requireRecord(place);
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
