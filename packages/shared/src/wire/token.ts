import { z } from 'zod';
import { idSchema } from './identifiers.ts';
import { jsonSchema } from './json.ts';

export const tokenType = 'barback-op+jwt';

/** A token lives at most this long. */
export const tokenLifetimeMaxSeconds = 60;

/** Bytes of a token and of the line that carries it to the executor. */
export const tokenBytesMax = 128 * 1024;

/** The claims of an operation token: the whole request (DESIGN §2). */
export const tokenClaimsSchema = z.strictObject({
  /** The api's instance id. */
  iss: z.string().min(1).max(64),
  /** The agent's id: one string, so that a token for one host is useless on another. */
  aud: z.string().min(1).max(64),
  /** Who asked: an API key's id, or `engine` and the run's starter. */
  sub: z.string().min(1).max(128),
  iat: z.int(),
  exp: z.int(),
  jti: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  /** The executor's random epoch, learned from a receipt; 22 zeros-like text before the first contact. */
  epoch: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  op: z
    .string()
    .regex(/^[a-z]+(-[a-z]+)*$/)
    .max(64),
  /** Identifies the attempt; a job's directory is named by it. */
  opid: idSchema,
  params: jsonSchema,
  plan: idSchema.nullable(),
  step: z.string().max(64).nullable(),
  attempt: z.int().min(1).max(1000).nullable(),
  fence: z.int().nonnegative().nullable(),
});

export type TokenClaims = z.infer<typeof tokenClaimsSchema>;

/** The epoch to name before any receipt has told the true one; never valid, so the first answer teaches it. */
export const unknownEpoch = 'A'.repeat(22);
