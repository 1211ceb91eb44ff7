import { eq } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { documents } from '../db/schema.ts';

/** The stored bytes with this SHA-256: a plan, a request or a receipt. */
export function findDocument(reader: Reader, sha256: string): { readonly kind: string; readonly bytes: Buffer } | null {
  return reader.select().from(documents).where(eq(documents.sha256, sha256)).get() ?? null;
}
