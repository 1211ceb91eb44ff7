import { z } from 'zod';
import { idSchema, serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

const identitySchema = z.strictObject({ device: z.string(), inode: z.string() });

/** What takes live's place: the sealed copy of this plan, or the directory that an earlier plan set aside. */
const incomingSchema = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('scratch') }),
  z.strictObject({ from: z.literal('kept'), plan: idSchema }),
]);

/** Puts the incoming directory at the live path and keeps the one that was there as `NAME.before-<plan>`: two renames, decided by inode. */
export const liveSwap = defineContract({
  class: 'D',
  limitMs: 10 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema, incoming: incomingSchema }),
  result: z.strictObject({
    /** What lies at the live path now. */
    live: identitySchema,
    /** Null when there was nothing at the live path. */
    kept: identitySchema.extend({ path: z.string() }).nullable(),
    seconds: z.number(),
  }),
});

/** Puts back what `live-swap` of this plan moved, if it did; Barman's streaming files too. */
export const liveSwapBack = defineContract({
  class: 'D',
  limitMs: 10 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({ swappedBack: z.boolean() }),
});
