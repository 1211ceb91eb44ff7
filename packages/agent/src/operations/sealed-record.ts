import { operations } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import { identityOf } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { isKnownAgain, type Remembered } from '../system/known-again.ts';
import type { ScratchPlace } from './scratch-place.ts';

const directorySchema = z.strictObject({ path: z.string(), device: z.string(), inode: z.string() });

const sealedSchema = z.strictObject({
  server: z.string(),
  plan: z.string(),
  /** The data directory that takes live's place. */
  directory: directorySchema,
  systemIdentifier: z.string(),
  timeline: z.int(),
  tablespaces: z.array(directorySchema.extend({ name: z.string() })),
  /** Of pg_wal, where it is behind a symbolic link. */
  wal: directorySchema.nullable(),
  result: operations['scratch-seal'].result,
});

/** What a seal leaves for the swap: written last, so a copy without it is not ready. */
export type Sealed = z.infer<typeof sealedSchema>;

export async function readSealed(place: Pick<ScratchPlace, 'sealedFile'>): Promise<Sealed | undefined> {
  const text = await readIfExists(place.sealedFile);
  return text === undefined ? undefined : sealedSchema.parse(JSON.parse(text));
}

export async function writeSealed(place: ScratchPlace, sealed: Sealed): Promise<void> {
  await writeAtomic(place.sealedFile, JSON.stringify(sealed));
}

const sealingSchema = z.strictObject({
  control: z.strictObject({ systemIdentifier: z.string(), timeline: z.int(), checkpointLsn: z.string() }),
  /** Null until it is decided what is carried over and taken out; names only. */
  contents: z
    .strictObject({
      settingsKept: z.array(z.string()),
      settingsLeftOut: z.array(z.string()),
      removed: z.array(z.string()),
      carried: z.array(z.string()),
      /** What postgresql.auto.conf said before it was emptied; null when it did not say it, or was left as it is. */
      synchronousNames: z.string().nullable(),
    })
    .nullable(),
});

/** How far a seal has come, for the one that goes on after it was interrupted. */
export type Sealing = z.infer<typeof sealingSchema>;
export type SealContents = NonNullable<Sealing['contents']>;

export async function readSealing(place: ScratchPlace): Promise<Sealing | undefined> {
  const text = await readIfExists(place.sealingFile);
  return text === undefined ? undefined : sealingSchema.parse(JSON.parse(text));
}

export async function writeSealing(place: ScratchPlace, sealing: Sealing): Promise<void> {
  await writeAtomic(place.sealingFile, JSON.stringify(sealing));
}

/** Whether exactly this directory lies at a path. */
export async function liesAt(file: string, remembered: Remembered): Promise<boolean> {
  return isKnownAgain(remembered, await identityOf(file));
}
