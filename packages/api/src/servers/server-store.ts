import type { ServerKind } from '@barback/shared/operations/agent-facts.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { asc, eq } from 'drizzle-orm';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { Database, Reader, Tx } from '../db/database.ts';
import { servers } from '../db/schema.ts';
import { write } from '../db/write.ts';
import { sees, type Principal } from '../keys/principal.ts';
import { serverSettingsSchema, type ServerSettings } from '../planner/plan-document.ts';

/** One protected cluster, or what makes hosts for one, and the agent that works on it. */
export interface Server {
  readonly name: string;
  readonly agentUrl: string;
  readonly agentId: string;
  /** Public JWK of the executor, as JSON. */
  readonly agentKey: string;
  /** PEM: the only authority that the agent's TLS is checked against. */
  readonly certificate: string;
  /** As its agent says. */
  readonly kind: ServerKind;
  readonly settings: ServerSettings;
  readonly createdAt: Micros;
}

export function loadServers(reader: Reader): readonly Server[] {
  return reader.select().from(servers).orderBy(asc(servers.name)).all().map(serverOf);
}

/** Those that have a database to look after. */
export function loadDatabaseServers(reader: Reader): readonly Server[] {
  return loadServers(reader).filter(({ kind }) => kind === 'database');
}

/** The server, if the key may know of it; the same refusal whether it does not exist or is not the key's. */
export function loadServer(reader: Reader, name: string, principal: Principal): Server {
  const row = sees(principal, name) ? reader.select().from(servers).where(eq(servers.name, name)).get() : undefined;
  if (row === undefined) {
    throw new ProblemError('not-found', `There is no server ${name}`, { next: 'List them: GET /v1/servers' });
  }
  return serverOf(row);
}

/** Adds a server or replaces the agent of one; where it is another one, what `replaced` answers is recorded. */
export function saveServer(database: Database, server: Server, by: Actor, replaced: Replaced): 'added' | 'changed' {
  return write(database, (tx) => {
    const row = tx.select().from(servers).where(eq(servers.name, server.name)).get();
    // What the command line cannot say was set over REST, and stays.
    const { rtoSeconds, rpoSeconds, rowLossPercentMax, tablesMin, approvals } = server.settings;
    const said = { rtoSeconds, rpoSeconds, rowLossPercentMax, tablesMin, approvals };
    const settings = row === undefined ? server.settings : { ...serverOf(row).settings, ...said };
    return saveIn(tx, { ...server, settings }, by, replaced);
  });
}

type Replaced = (tx: Tx) => Readonly<Record<string, Json>>;

/** The same in the transaction of somebody else, with exactly these settings. */
export function saveIn(tx: Tx, server: Server, by: Actor, replaced: Replaced): 'added' | 'changed' {
  const { name, agentUrl, agentId, agentKey, certificate, kind, createdAt } = server;
  const row = tx.select().from(servers).where(eq(servers.name, name)).get();
  const left = row !== undefined && row.agentKey !== agentKey ? replaced(tx) : {};
  const change = { agentUrl, agentId, agentKey, certificate, kind, settings: JSON.stringify(server.settings) };
  tx.insert(servers)
    .values({ name, createdAt, ...change })
    .onConflictDoUpdate({ target: servers.name, set: change })
    .run();
  appendEvent(tx, {
    type: row === undefined ? 'server.added' : 'server.changed',
    at: createdAt,
    actor: by,
    server: name,
    data: { agentUrl, agentId, agentKey, certificate, kind, settings: jsonOf(server.settings), ...left },
  });
  return row === undefined ? 'added' : 'changed';
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
