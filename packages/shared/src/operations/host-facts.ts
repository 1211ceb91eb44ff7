import { z } from 'zod';
import { fenceFactsSchema } from './agent-facts.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';
import { contentFactsSchema } from './content-facts.ts';
import { walProtectionSchema } from './wal-protection.ts';
import { surroundingsFactsSchema } from './surroundings-facts.ts';

const filesystemSchema = z.strictObject({
  /** `data`, `wal`, `tablespace:NAME`, `barman`, `scratch`. */
  role: z.string(),
  device: z.string(),
  totalBytes: z.int(),
  freeBytes: z.int(),
  /** Null where the filesystem makes them as they are needed. */
  freeInodes: z.int().nullable(),
});

/** The live cluster as its own catalogue reports it; null while it does not answer. */
const livePostgresSchema = z.strictObject({
  versionNum: z.int(),
  systemIdentifier: z.string(),
  inRecovery: z.boolean(),
  timeline: z.int(),
  currentLsn: z.string(),
  /** Settings that a copy needs at least (T4) and those that endanger its isolation (T1). */
  settings: z.record(z.string(), z.string()),
  tablespaces: z.array(z.strictObject({ name: z.string(), oid: z.int(), location: z.string() })),
  databases: z.array(z.strictObject({ name: z.string(), sizeBytes: z.int() })),
  probeRole: z.boolean(),
});

/** What the host is and has: the facts that a plan is made from. */
export const hostFacts = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    agentVersion: z.string(),
    hostName: z.string(),
    cpus: z.int(),
    memoryBytes: z.int(),
    time: z.int(),
    fence: fenceFactsSchema,
    barman: z.strictObject({
      version: z.string(),
      supported: z.string().nullable(),
      unsupportedReasons: z.array(z.string()),
    }),
    binaries: z.strictObject({ version: z.string(), major: z.int() }),
    dataDirectory: z
      .strictObject({
        /** As configured; device and inode are of the directory that it leads to. */
        path: z.string(),
        device: z.string(),
        inode: z.string(),
        isMountPoint: z.boolean(),
        /** Whether a pg_control lies in it: without one it is no cluster. */
        hasControl: z.boolean(),
        /** Where the path itself, and pg_wal in it, point as symbolic links; null when they are none. */
        linkTo: z.string().nullable(),
        walLinkTo: z.string().nullable(),
      })
      .nullable(),
    live: livePostgresSchema.nullable(),
    liveState: z.enum(['running', 'stopped', 'unknown']),
    protection: walProtectionSchema,
    surroundings: surroundingsFactsSchema,
    content: contentFactsSchema.nullable(),
    filesystems: z.array(filesystemSchema),
    scratches: z.array(z.strictObject({ plan: z.string(), createdAt: z.int() })),
    /** Probes configured on the host, to be frozen into a plan. */
    probes: z.array(z.strictObject({ name: z.string(), database: z.string(), sql: z.string() })),
    /** Those that the agent lets a copy load. */
    preloadLibraries: z.array(z.string()),
    freeBytesFloor: z.int(),
    jobs: z.int(),
  }),
});
