import { z } from 'zod';
import { durationSchema } from './duration.ts';

/** Of every plan that lets another cluster take live's place. */
export const cutoverOptions = {
  /** How long live may take to stop before the run gives up and lifts the fence. */
  stopWithin: durationSchema.default('2m'),
  startWithin: durationSchema.default('10m'),
  /** For how long live must have run without an interruption before the run has succeeded. */
  steadyFor: durationSchema.default('15s'),
  /** How long ANALYZE of live may take at the end; more is left to autovacuum. */
  analyzeWithin: durationSchema.default('30m'),
  /** Findings of severity `confirm` that the operator has read, by code. */
  acknowledge: z.array(z.string().max(64)).max(32).default([]),
} as const;
