import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** 26 characters of lower-case Crockford base 32: 48 bits of milliseconds, 80 random bits; sorts by time (ULID). */
export const idPattern = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const idSchema = z.string().regex(idPattern, 'expected an identifier of 26 lower-case characters');

/** A new identifier for the given wall-clock milliseconds. */
export function newId(nowMs: number): string {
  let value = (BigInt(nowMs) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`);
  let text = '';
  for (let index = 0; index < 26; index += 1) {
    text = alphabet[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return text;
}

/** A name of a server, as configured on both sides. */
export const serverNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/, 'expected lower-case letters, digits, _ . -');

/** Barman's backup identifier: the time of its begin, `YYYYMMDDTHHMMSS`. */
export const backupIdSchema = z.string().regex(/^\d{8}T\d{6}$/, 'expected a Barman backup id such as 20261122T120000');
