import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs } from './contract.ts';
import { probeResultSchema, probeSchema } from './scratch-probe.ts';

/** Proves that what runs at the live path is what was meant, and asks it the given read-only queries. */
export const liveProbe = defineContract({
  class: 'A',
  limitMs: 2 * hourMs,
  onCancel: 'stop',
  params: z.strictObject({
    server: serverNameSchema,
    systemIdentifier: z.string().nullable(),
    /** That live must be on a later one than; null: any. */
    timelineAfter: z.int().nullable(),
    probes: z.array(probeSchema).max(64),
    statementTimeoutMs: z.int().min(100),
  }),
  result: z.strictObject({
    systemIdentifier: z.string(),
    timeline: z.int(),
    lsn: z.string(),
    /** Names of the databases that accept connections. */
    databases: z.array(z.string()),
    probes: z.array(probeResultSchema),
  }),
});
