import { createHash } from 'node:crypto';
import { CompactSign, compactVerify, type CryptoKey } from 'jose';

/** One spelling only: three base64url segments without padding or white space, the last an Ed25519 signature (64 bytes). */
const compactJwsPattern = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/;

/** Pinned Ed25519 public keys by `kid` (RFC 7638 thumbprint). */
export type PinnedKeys = ReadonlyMap<string, CryptoKey>;

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
}

/** Signs a payload whose bytes are made here, once. */
export async function signJws(payload: unknown, typ: string, key: SigningKey): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'Ed25519', typ, kid: key.kid })
    .sign(key.privateKey);
}

/**
 * The parsed payload of a compact JWS whose header is exactly alg, typ and kid, signed by a pinned key; undefined otherwise.
 * The regex comes first because jose accepts several spellings of one signature (Wycheproof, jose 6.2.17).
 */
export async function verifyJws(
  token: string,
  typ: string,
  keys: PinnedKeys,
): Promise<{ kid: string; payload: unknown } | undefined> {
  if (!compactJwsPattern.test(token)) return undefined;
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8'));
    const kid = kidOfExactHeader(header, typ);
    const key = kid === undefined ? undefined : keys.get(kid);
    if (kid === undefined || !key) return undefined;
    const verified = await compactVerify(token, key, { algorithms: ['Ed25519'] });
    return { kid, payload: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(verified.payload)) };
  } catch {
    return undefined;
  }
}

/** Hexadecimal SHA-256 of a token's or document's bytes. */
export function sha256Hex(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function kidOfExactHeader(header: unknown, typ: string): string | undefined {
  if (typeof header !== 'object' || header === null || Array.isArray(header)) return undefined;
  if (Object.keys(header).toSorted().join() !== 'alg,kid,typ') return undefined;
  const { alg, kid, typ: headerTyp } = header as { alg: unknown; kid: unknown; typ: unknown };
  return alg === 'Ed25519' && headerTyp === typ && typeof kid === 'string' ? kid : undefined;
}
