import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { and, eq } from 'drizzle-orm';
import { appendEvent } from '../audit/append-event.ts';
import type { Reader, Tx } from '../db/database.ts';
import { serverFindings } from '../db/watch-schema.ts';
import type { ServerFinding } from './server-finding.ts';

/** Since when each finding of a server is so. */
export function findingsSince(reader: Reader, server: string): ReadonlyMap<string, Micros> {
  const rows = reader.select().from(serverFindings).where(eq(serverFindings.server, server)).all();
  return new Map(rows.map(({ code, since }) => [code, since]));
}

const engine = { kind: 'engine', id: 'barback-api' } as const;

/** What is new or worse is an event, and so is what is over; a number that moves is none. */
export function recordFindings(tx: Tx, server: string, found: readonly ServerFinding[], at: Micros): void {
  const before = tx.select().from(serverFindings).where(eq(serverFindings.server, server)).all();
  for (const finding of found) {
    const known = before.find((one) => one.code === finding.code);
    if (known?.severity === finding.severity) continue;
    const { code, severity } = finding;
    const since = known?.since ?? at;
    tx.insert(serverFindings)
      .values({ server, code, severity, since })
      .onConflictDoUpdate({ target: [serverFindings.server, serverFindings.code], set: { severity } })
      .run();
    const data = { finding: finding as Json, since: formatInstant(since) };
    appendEvent(tx, { type: 'server.finding-raised', at, actor: engine, server, data });
  }
  for (const { code, since } of before) {
    if (found.some((one) => one.code === code)) continue;
    tx.delete(serverFindings)
      .where(and(eq(serverFindings.server, server), eq(serverFindings.code, code)))
      .run();
    const data = { code, since: formatInstant(since) };
    appendEvent(tx, { type: 'server.finding-cleared', at, actor: engine, server, data });
  }
}
