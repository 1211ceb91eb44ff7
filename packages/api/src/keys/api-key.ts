import { randomBytes } from 'node:crypto';
import { sha256Hex } from '@barback/shared/wire/jws.ts';

/** `bbk_` and 256 random bits in base64url: the prefix lets secret scanners find a key that was pasted somewhere. */
export const apiKeyPattern = /^bbk_[A-Za-z0-9_-]{43}$/;

export function newApiKey(): string {
  return `bbk_${randomBytes(32).toString('base64url')}`;
}

/** What is stored of a key. One pass of SHA-256 is enough for 256 random bits; a slow hash is for passwords. */
export function apiKeyHash(key: string): string {
  return sha256Hex(key);
}
