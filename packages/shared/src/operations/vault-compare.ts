import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

const bothSchema = z.strictObject({ there: z.string(), here: z.string() });

export const differingFileSchema = z.strictObject({
  path: z.string(),
  is: z.enum(['missing', 'differs']),
  /** Unified, from the lost host's to this one's, without secrets; null: the file is missing, or many others came before. */
  diff: z.string().max(4_000).nullable(),
});

export const adoptableFileSchema = z.strictObject({
  path: z.string(),
  /** Of the file as it would be. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Unified, from what is here to what would be, without secrets; null: many others came before. */
  diff: z.string().max(4_000).nullable(),
});

/** What this host lacks of what the newest version of the vault says that the lost one had (T40). Nothing is changed. */
export const vaultCompare = defineContract({
  class: 'R',
  limitMs: 3 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    /** The version that was read; null: the mirror has no vault. */
    version: z.string().nullable(),
    /** Of databases; PostgreSQL refuses to open one whose locale is not there. */
    missingLocales: z.array(z.string()),
    /** Null when both are the same, or one is not known. */
    glibc: bothSchema.nullable(),
    icu: bothSchema.nullable(),
    /** Null unless the one here is older than the one that wrote the catalogue. */
    olderBarman: bothSchema.nullable(),
    /** Extensions that databases use and that cannot be installed here; null while no cluster answers here. */
    missingExtensions: z.array(z.string()).nullable(),
    /** Libraries of shared_preload_libraries that are not installed. */
    missingLibraries: z.array(z.string()),
    /** Tablespaces whose place has no directory to make one in. */
    missingPlaces: z.array(z.strictObject({ tablespace: z.string(), location: z.string() })),
    /** Files of the configuration that are not here, or are others, secrets apart. */
    configuration: z.array(differingFileSchema),
    /** What `configuration-adopt` would write: of PostgreSQL alone, and nothing where the configuration comes with the backup. */
    adoptable: z.array(adoptableFileSchema),
    /** Files of PostgreSQL's configuration that hold secrets, or cannot be read here: nobody but a person writes those. */
    withSecrets: z.array(z.string()),
  }),
});
