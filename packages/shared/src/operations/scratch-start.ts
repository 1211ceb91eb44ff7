import { z } from 'zod';
import { recoveryTargetSchema } from '../postgres/target.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** Starts the copy on a private socket with a configuration of our own; replay begins by itself. */
export const scratchStart = defineContract({
  class: 'I',
  limitMs: 10 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    timeline: z.int().positive(),
    target: recoveryTargetSchema,
    /** At least live's values (T4); the agent raises them to what the backup's pg_control and the staged WAL ask for. */
    settings: z.strictObject({
      maxConnections: z.int().positive(),
      maxWorkerProcesses: z.int().nonnegative(),
      maxWalSenders: z.int().nonnegative(),
      maxPreparedTransactions: z.int().nonnegative(),
      maxLocksPerTransaction: z.int().positive(),
      sharedPreloadLibraries: z.array(z.string().regex(/^[A-Za-z0-9_$/.-]{1,128}$/)),
    }),
    /** Of live, for a copy that will take its place (T24, T25); left out: it will be deleted. */
    goesLive: z
      .strictObject({
        walLevel: z.enum(['replica', 'logical']),
        trackCommitTimestamp: z.boolean(),
        walLogHints: z.boolean(),
        /** With `on` it queues its new history and waits: its archive command fails until it is live's. */
        archiveMode: z.enum(['off', 'on', 'always']),
        maxReplicationSlots: z.int().nonnegative(),
      })
      .optional(),
  }),
  result: z.strictObject({
    pid: z.int(),
    socketDirectory: z.string(),
    port: z.int(),
    /** Role that the agent's own user and root may connect as, from the host. */
    superuser: z.string(),
    /** Libraries of the backup's configuration that were left out, with the reason. */
    libraries: z.array(z.strictObject({ name: z.string(), loaded: z.boolean(), note: z.string() })),
    /** Lines of the backup's postgresql.auto.conf that were set aside. */
    settingsSetAside: z.array(z.string()),
  }),
});
