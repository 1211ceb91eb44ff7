import { constants, closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { newPrivateJwk, privateJwkSchema, type PrivateJwk } from '@barback/shared/wire/keys.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { eq } from 'drizzle-orm';
import type { ApiConfig } from '../config.ts';
import type { Database } from '../db/database.ts';
import { meta } from '../db/schema.ts';
import { write } from '../db/write.ts';

/** The id that agents know this api by: configured, or chosen once and kept in the database. */
export function instanceId(config: ApiConfig, database: Database, now: Micros): string {
  if (config.instanceId !== undefined) return config.instanceId;
  return write(database, (tx) => {
    const known = tx.select().from(meta).where(eq(meta.key, 'instance')).get();
    if (known !== undefined) return known.value;
    const value = `api-${newId(Math.floor(now / 1000))}`;
    tx.insert(meta).values({ key: 'instance', value }).run();
    return value;
  });
}

/** Makes the signing key's file, 0600; false when there is one already, which is never replaced. */
export async function createSigningKey(file: string): Promise<boolean> {
  const text = `${JSON.stringify(await newPrivateJwk())}\n`;
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return true;
}

/** Reads the signing key; refuses a file that others may read. */
export function readSigningKey(file: string): PrivateJwk {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) throw new Error(`cannot find the signing key ${file}: run "barback-api init" first`);
  if ((mode & 0o077) !== 0) throw new Error(`cannot use the signing key ${file}: others may read it; chmod 600 it`);
  const parsed = privateJwkSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`cannot use the signing key ${file}: it is not an Ed25519 private JWK`);
  return parsed.data;
}
