import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

const params = z.strictObject({ server: serverNameSchema });
/** As `database.subscription`. */
const subscriptions = z.array(z.string());

/** Disables each enabled subscription of the promoted copy: it would take from its publisher what live has already had (T28). */
export const scratchSubscriptions = defineContract({
  class: 'I',
  limitMs: 10 * minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({ any: z.boolean(), disabled: subscriptions }),
});

/** Enables on live what the plan has disabled in its copy. */
export const liveSubscriptions = defineContract({
  class: 'I',
  limitMs: 10 * minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({ enabled: subscriptions }),
});

/** Sets synchronous_standby_names on live again, which was emptied in the plan's copy. */
export const liveSynchronousNames = defineContract({
  class: 'I',
  limitMs: minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({ synchronousStandbyNames: z.string() }),
});
