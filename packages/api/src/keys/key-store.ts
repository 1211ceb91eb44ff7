import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { and, asc, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { Database, Tx } from '../db/database.ts';
import { apiKeys } from '../db/schema.ts';
import { write } from '../db/write.ts';
import { apiKeyHash, apiKeyPattern, newApiKey } from './api-key.ts';
import type { Principal } from './principal.ts';
import type { Role } from './role.ts';

export interface NewKey {
  readonly name: string;
  readonly role: Role;
  /** Null: every server. */
  readonly servers: readonly string[] | null;
  /** Left out: until it is revoked. */
  readonly expiresAt?: Micros;
}

export interface StoredKey extends Principal {
  readonly expiresAt: Micros | null;
  readonly createdAt: Micros;
  readonly revokedAt: Micros | null;
}

const serversSchema = z.array(z.string());

/** Makes a key; its text is returned this once and stored nowhere. */
export function createKey(database: Database, wanted: NewKey, by: Actor, at: Micros): { id: string; key: string } {
  const id = newId(Math.floor(at / 1000));
  const key = newApiKey();
  const { name, role, expiresAt = null } = wanted;
  const servers = wanted.servers === null ? null : [...wanted.servers];
  write(database, (tx) => {
    tx.insert(apiKeys)
      .values({
        id,
        name,
        role,
        servers: servers === null ? null : JSON.stringify(servers),
        secretHash: apiKeyHash(key),
        createdAt: at,
        expiresAt,
      })
      .run();
    appendEvent(tx, {
      type: 'key.created',
      at,
      actor: by,
      data: { key: id, name, role, servers, ...until(expiresAt) },
    });
  });
  return { id, key };
}

function until(expiresAt: Micros | null): Record<string, string> {
  return expiresAt === null ? {} : { expiresAt: formatInstant(expiresAt) };
}

/** The same, in the transaction of what a key that works once was used for. */
export function endKey(tx: Tx, id: string, by: Actor, at: Micros): boolean {
  const changed = tx
    .update(apiKeys)
    .set({ revokedAt: at })
    .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
    .run().changes;
  if (changed > 0) appendEvent(tx, { type: 'key.revoked', at, actor: by, data: { key: id } });
  return changed > 0;
}

/** Ends a key for ever; false when there is no such key that still works. */
export function revokeKey(database: Database, id: string, by: Actor, at: Micros): boolean {
  return write(database, (tx) => endKey(tx, id, by, at));
}

/** The owner of a key. The lookup is by hash, so how long it takes tells nothing about a stored key. */
export function principalOf(database: Database, key: string, now: Micros): Principal | null {
  if (!apiKeyPattern.test(key)) return null;
  const row = database.orm
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.secretHash, apiKeyHash(key)), isNull(apiKeys.revokedAt)))
    .get();
  const isOver = row?.expiresAt != null && row.expiresAt <= now;
  return row === undefined || isOver
    ? null
    : { id: row.id, name: row.name, role: row.role, servers: parseServers(row.servers) };
}

export function listKeys(database: Database): readonly StoredKey[] {
  return database.orm
    .select()
    .from(apiKeys)
    .orderBy(asc(apiKeys.createdAt))
    .all()
    .map(({ id, name, role, servers, createdAt, revokedAt, expiresAt }) => ({
      id,
      name,
      role,
      servers: parseServers(servers),
      createdAt,
      revokedAt,
      expiresAt,
    }));
}

function parseServers(text: string | null): readonly string[] | null {
  return text === null ? null : serversSchema.parse(JSON.parse(text));
}
