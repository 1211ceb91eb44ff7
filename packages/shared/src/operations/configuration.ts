import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';
import { adoptableFileSchema } from './vault-compare.ts';

/**
 * Writes files of PostgreSQL's configuration as `vault-compare` has shown them, and keeps what was there in the plan's records. Nothing is
 * written when the vault, or what is here, would make another file than the one that is named; and nothing stays written that PostgreSQL
 * cannot read. A running server goes on with what it has until it is started again.
 */
export const configurationAdopt = defineContract({
  class: 'I',
  limitMs: 5 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({
    server: serverNameSchema,
    /** Of the vault. */
    version: z.string(),
    files: z.array(adoptableFileSchema.omit({ diff: true })).min(1),
  }),
  result: z.strictObject({ files: z.array(z.string()) }),
});

/** Puts back what `configuration-adopt` of this plan has replaced; what somebody has changed since is left alone and named. */
export const configurationReturn = defineContract({
  class: 'D',
  limitMs: 5 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ returned: z.array(z.string()), left: z.array(z.string()) }),
});
