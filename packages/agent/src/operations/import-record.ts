import path from 'node:path';
import { operations } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { countsSchema } from '../postgres/import-sql.ts';
import { nowMicros } from '../system/clock.ts';
import { ensureDirectory, identityOf, makeDirectory, removeTree } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { lookUpUser } from '../system/users.ts';
import { isKnownAgain } from '../system/known-again.ts';
import type { Host } from './handler.ts';
import { scratchPlace, scratchUser } from './scratch-place.ts';
import { requireNewPlace } from './trusted-place.ts';

const recordSchema = z.strictObject({
  server: z.string(),
  /** Microseconds since 1970. */
  createdAt: z.int(),
  /** The fresh database; the oid is null until it has been made. `schemas`: made for extensions. */
  fresh: z
    .strictObject({ name: z.string(), oid: z.int().nullable(), isEmpty: z.boolean(), schemas: z.array(z.string()) })
    .nullable(),
  /** Where the dump goes; null until it was made. */
  directory: z.strictObject({ path: z.string(), device: z.string(), inode: z.string() }).nullable(),
  /** What the snapshot held; null until the dump is complete. */
  dumped: z.strictObject({ counts: countsSchema, result: operations['import-dump'].result }).nullable(),
  loaded: operations['import-load'].result.nullable(),
});

/** What the agent remembers of an import, so that it drops and deletes nothing of anybody else. */
export type ImportRecord = z.infer<typeof recordSchema>;

export async function readImport(host: Host, plan: string): Promise<ImportRecord> {
  const known = await findImport(host, plan);
  if (known) return known;
  const nothing = { fresh: null, directory: null, dumped: null, loaded: null };
  return { server: host.serverName, createdAt: nowMicros(), ...nothing };
}

/** Undefined for a plan that imports nothing. */
export async function findImport(host: Host, plan: string): Promise<ImportRecord | undefined> {
  const text = await readIfExists(recordFile(host, plan));
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

export async function writeImport(host: Host, plan: string, record: ImportRecord): Promise<ImportRecord> {
  await ensureDirectory(scratchPlace(host, plan).records);
  await writeAtomic(recordFile(host, plan), JSON.stringify(record));
  return record;
}

/** A new directory for the dump, of the user that dumps; what an interrupted try has left goes. */
export async function renewDumpDirectory(host: Host, plan: string, record: ImportRecord): Promise<ImportRecord> {
  await discardDump(record);
  const { parent } = scratchPlace(host, plan);
  const directory = path.join(parent, `${path.basename(host.server.postgres.dataDirectory)}.import-${plan}`);
  await requireNewPlace(host, directory);
  await makeDirectory(directory, { mode: 0o700, owner: await lookUpUser(scratchUser(host)) });
  const found = await identityOf(directory);
  if (!found) throw new Error(`cannot find ${directory}, which was just made`);
  const { device, inode } = found;
  return writeImport(host, plan, { ...record, directory: { path: directory, device, inode }, dumped: null });
}

/** Only the directory that was made; answers whether it was there. */
export async function discardDump({ directory }: ImportRecord): Promise<boolean> {
  if (directory === null) return false;
  const found = await identityOf(directory.path);
  if (found === undefined) return false;
  if (!(await isKnownAgain(directory, found))) {
    throw new ProblemError('location-unsafe', `${directory.path} is not the directory that was made for the dump`, {
      next: 'look at it and remove it by hand if it is not needed',
    });
  }
  await removeTree(directory.path);
  return true;
}

function recordFile(host: Host, plan: string): string {
  return path.join(scratchPlace(host, plan).records, 'import.json');
}
