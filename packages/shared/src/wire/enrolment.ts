import { z } from 'zod';
import { serverNameSchema } from './identifiers.ts';
import { verifyJws } from './jws.ts';
import { importPublicKey, publicJwkSchema, thumbprint } from './keys.ts';

export const enrolmentTyp = 'barback-enrolment+jwt';

/** What a new agent says of itself, signed with the key that it names: proof that it has it. */
export const enrolmentSchema = z.strictObject({
  server: serverNameSchema,
  agentId: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  agentUrl: z.string().max(300),
  agentKey: publicJwkSchema,
  /** PEM of the gateway's certificate, which the api pins. */
  certificate: z.string().max(10_000),
});

export type Enrolment = z.infer<typeof enrolmentSchema>;

/** Undefined unless it is signed by the very key in it. */
export async function readEnrolment(jws: string): Promise<Enrolment | undefined> {
  const said = payloadOf(jws);
  if (said === undefined) return undefined;
  const keys = new Map([[await thumbprint(said.agentKey), await importPublicKey(said.agentKey)]]);
  const verified = await verifyJws(jws, enrolmentTyp, keys);
  return verified && enrolmentSchema.parse(verified.payload);
}

function payloadOf(jws: string): Enrolment | undefined {
  try {
    const text = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8');
    const parsed = enrolmentSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** What a new host is given in a file: where the api is, who it is, and a key that works once. */
export const enrolmentTokenSchema = z.strictObject({
  api: z.strictObject({ url: z.string(), id: z.string().min(1).max(64), publicKey: publicJwkSchema }),
  /** PEM of what the api's TLS is checked against; null: the system's authorities. */
  ca: z.string().nullable(),
  server: serverNameSchema,
  key: z.string(),
});

export type EnrolmentToken = z.infer<typeof enrolmentTokenSchema>;
