import { z } from 'zod';
import { jobViewSchema } from './job.ts';
import { jsonSchema } from './json.ts';
import { problemSchema } from './problem.ts';

export const receiptType = 'barback-receipt+jwt';

/** Bytes of a receipt: results list tables and log lines, never data. */
export const receiptBytesMax = 8 * 1024 * 1024;

export const answerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('result'), result: jsonSchema }),
  z.strictObject({ kind: z.literal('job'), job: jobViewSchema }),
  z.strictObject({ kind: z.literal('problem'), problem: problemSchema }),
]);

export type Answer = z.infer<typeof answerSchema>;

/** The claims of a receipt: the agent's signed answer, bound to the request by its jti and by the token's SHA-256. */
export const receiptClaimsSchema = z.strictObject({
  iss: z.string().min(1).max(64),
  aud: z.string().min(1).max(64),
  iat: z.int(),
  req: z.string(),
  reqh: z.string().regex(/^[0-9a-f]{64}$/),
  epoch: z.string(),
  /** The agent's clock, microseconds since 1970. */
  time: z.int(),
  op: z.string(),
  opid: z.string(),
  agentVersion: z.string(),
  answer: answerSchema,
});

export type ReceiptClaims = z.infer<typeof receiptClaimsSchema>;
