import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { asc, eq } from 'drizzle-orm';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { Database, Reader } from '../db/database.ts';
import { servers } from '../db/schema.ts';
import { write } from '../db/write.ts';
import { sees, type Principal } from '../keys/principal.ts';
import { serverSettingsSchema, type ServerSettings } from '../planner/plan-document.ts';

/** One protected cluster and the agent that works on it. */
export interface Server {
  readonly name: string;
  readonly agentUrl: string;
  readonly agentId: string;
  /** Public JWK of the executor, as JSON. */
  readonly agentKey: string;
  /** PEM: the only authority that the agent's TLS is checked against. */
  readonly certificate: string;
  readonly settings: ServerSettings;
  readonly createdAt: Micros;
}

export function loadServers(reader: Reader): readonly Server[] {
  return reader.select().from(servers).orderBy(asc(servers.name)).all().map(serverOf);
}

/** The server, if the key may know of it; the same refusal whether it does not exist or is not the key's. */
export function loadServer(reader: Reader, name: string, principal: Principal): Server {
  const row = sees(principal, name) ? reader.select().from(servers).where(eq(servers.name, name)).get() : undefined;
  if (row === undefined) {
    throw new ProblemError('not-found', `There is no server ${name}`, { next: 'List them: GET /v1/servers' });
  }
  return serverOf(row);
}

/** Adds a server or replaces the agent of one. */
export function saveServer(database: Database, server: Server, by: Actor): 'added' | 'changed' {
  const { name, agentUrl, agentId, agentKey, certificate, createdAt } = server;
  return write(database, (tx) => {
    const row = tx.select().from(servers).where(eq(servers.name, name)).get();
    const existed = row !== undefined;
    const kept = existed ? serverOf(row).settings : null;
    // What the command line cannot say was set over REST, and stays.
    const { rtoSeconds, rpoSeconds, rowLossPercentMax, tablesMin, approvals } = server.settings;
    const said = { rtoSeconds, rpoSeconds, rowLossPercentMax, tablesMin, approvals };
    const wanted = kept === null ? server.settings : { ...kept, ...said };
    const settings = JSON.stringify(wanted);
    const change = { agentUrl, agentId, agentKey, certificate, settings };
    tx.insert(servers)
      .values({ name, createdAt, ...change })
      .onConflictDoUpdate({ target: servers.name, set: change })
      .run();
    appendEvent(tx, {
      type: existed ? 'server.changed' : 'server.added',
      at: createdAt,
      actor: by,
      server: name,
      data: { agentUrl, agentId, agentKey, certificate, settings: jsonOf(wanted) },
    });
    return existed ? 'changed' : 'added';
  });
}

/** Replaces the settings of a server that exists. */
export function changeSettings(
  database: Database,
  change: { readonly name: string; readonly settings: ServerSettings; readonly at: Micros },
  by: Actor,
): void {
  const { name, at } = change;
  const settings = jsonOf(change.settings);
  write(database, (tx) => {
    tx.update(servers)
      .set({ settings: JSON.stringify(settings) })
      .where(eq(servers.name, name))
      .run();
    appendEvent(tx, { type: 'server.settings-changed', at, actor: by, server: name, data: { settings } });
  });
}

/** Without what is undefined, which JSON does not have. */
function jsonOf(settings: ServerSettings): Json {
  return JSON.parse(JSON.stringify(settings)) as Json;
}

function serverOf(row: typeof servers.$inferSelect): Server {
  return { ...row, settings: serverSettingsSchema.parse(JSON.parse(row.settings)) };
}
