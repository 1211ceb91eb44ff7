import { probeSchema } from '@barback/shared/operations/scratch-probe.ts';
import { z } from 'zod';

/** Of every plan that makes a copy of its own and asks it. */
export const copyOptions = {
  /** Besides those configured for the server; each is one read-only statement, asked of the copy, and of live where it takes its place. */
  probes: z.array(probeSchema).max(32).default([]),
  /** Kilobytes per second, of Barman's copy and of what comes over the network. */
  bandwidthKBps: z.int().positive().optional(),
  statementTimeoutMs: z
    .int()
    .min(100)
    .max(6 * 3_600_000)
    .default(60_000),
} as const;
