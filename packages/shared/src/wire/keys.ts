import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { z } from 'zod';
import type { SigningKey } from './jws.ts';

/** An Ed25519 public key as configured on the other side: a JWK with exactly kty, crv and x. */
export const publicJwkSchema = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

export type PublicJwk = z.infer<typeof publicJwkSchema>;

export const privateJwkSchema = publicJwkSchema.extend({ d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

export type PrivateJwk = z.infer<typeof privateJwkSchema>;

export async function newPrivateJwk(): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair('Ed25519', { extractable: true });
  const { kty, crv, x, d } = await exportJWK(privateKey);
  return privateJwkSchema.parse({ kty, crv, x, d });
}

export function publicPart({ kty, crv, x }: PrivateJwk): PublicJwk {
  return { kty, crv, x };
}

/** RFC 7638 thumbprint: the `kid` of a key. */
export async function thumbprint(jwk: PublicJwk): Promise<string> {
  return calculateJwkThumbprint({ kty: jwk.kty, crv: jwk.crv, x: jwk.x } satisfies JWK);
}

export async function importPublicKey(jwk: PublicJwk): Promise<CryptoKey> {
  return importEd25519(jwk);
}

export async function importSigningKey(jwk: PrivateJwk): Promise<SigningKey> {
  return { kid: await thumbprint(jwk), privateKey: await importEd25519(jwk) };
}

async function importEd25519(jwk: PublicJwk | PrivateJwk): Promise<CryptoKey> {
  const key = await importJWK({ ...jwk }, 'Ed25519');
  if (key instanceof Uint8Array) throw new Error('cannot import the key: it is symmetric');
  return key;
}
