import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** In the agent's configuration. */
export const collectionNameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected a name of a-z, 0-9 and -');

const params = z.strictObject({ server: serverNameSchema, collection: collectionNameSchema });

/** Whether a collection could be run now: its program is there, its file is the pinned one, and it asks for something. */
export const postmanLook = defineContract({
  class: 'R',
  limitMs: 2 * minuteMs,
  onCancel: 'stop',
  params,
  result: z.strictObject({ version: z.string(), requests: z.int() }),
});

/** Runs a Postman collection once; nothing of this host is changed, what the requests do is the application's. */
export const postmanRun = defineContract({
  class: 'R',
  limitMs: 30 * minuteMs,
  onCancel: 'stop',
  params,
  result: z.strictObject({
    assertions: z.int(),
    /** Assertions that failed; at most 50. */
    failed: z.array(z.strictObject({ name: z.string(), message: z.string() })),
    /** Requests without an answer. */
    unanswered: z.int(),
    seconds: z.number(),
    /** The report in JUnit's format, without requests and answers; at most 64 000 characters. */
    junit: z.string().max(64_000),
  }),
});
