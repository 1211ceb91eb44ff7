import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** As the agent's configuration names it. */
export const poolerNameSchema = z
  .string()
  .max(31)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'expected lower-case words of letters and digits, joined by hyphens');

/** What becomes of transactions that do not end within the time limit of a pause: it is given up, or their clients are cut off. */
export const whenBusySchema = z.enum(['give-up', 'cut-off']);

const params = z.strictObject({ server: serverNameSchema, pooler: poolerNameSchema });

/** Looks whether PgBouncer answers, knows the databases of the configuration, sends them to this server and holds none of them. */
export const poolerLook = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params,
  result: z.strictObject({
    version: z.string(),
    databases: z.array(z.strictObject({ name: z.string(), host: z.string().nullable(), port: z.int() })),
  }),
});

/** Lets clients of PgBouncer wait: what they begin from now on reaches the server only after `pooler-resume`. */
export const poolerPause = defineContract({
  class: 'I',
  limitMs: 20 * minuteMs,
  onCancel: 'finish',
  params: params.extend({ withinMs: z.int().min(1_000).max(900_000), whenBusy: whenBusySchema }),
  result: z.strictObject({
    databases: z.array(z.string()),
    /** Whose clients were cut off because their transactions did not end in time. */
    cutOff: z.array(z.string()),
    seconds: z.number(),
  }),
});

/** Lets the waiting clients go on, over connections made anew; a database that is not paused is left as it is. */
export const poolerResume = defineContract({
  class: 'I',
  limitMs: 2 * minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({ resumed: z.array(z.string()) }),
});
