import { createHash } from 'node:crypto';

/** `prev` of the first event. */
export const noPrevious = '0'.repeat(64);

/** RFC 6962 leaf hash, hex: SHA-256 over a zero byte and the event's exact bytes; a Merkle tree can be built on it later. */
export function leafHash(bytes: string | Uint8Array): string {
  return createHash('sha256')
    .update(new Uint8Array([0]))
    .update(bytes)
    .digest('hex');
}
