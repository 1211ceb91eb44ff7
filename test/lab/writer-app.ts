import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool, type PoolClient } from 'pg';
import { z } from 'zod';
import type { LedgerEntry } from './ledger.ts';

/** An application as a restore meets it: a pool of connections that writes all the time and reconnects for ever. */
const settingsSchema = z.strictObject({
  host: z.string(),
  port: z.int(),
  database: z.string(),
  connections: z.int().positive(),
  /** Pause of each connection between two transactions. */
  pauseMs: z.int().nonnegative(),
  ledgerFile: z.string(),
});

export type WriterSettings = z.infer<typeof settingsSchema>;

const settings = settingsSchema.parse(JSON.parse(process.env['WRITER_SETTINGS'] ?? 'null'));
const { database, connections, pauseMs } = settings;
// What Dokploy has in its environment wins, as it does for an application of Spring.
const url = process.env['DATABASE_URL'];
const host = url === undefined ? settings.host : new URL(url).hostname;
const port = url === undefined ? settings.port : Number(new URL(url).port);
const pool = new Pool({
  host,
  port,
  database,
  user: 'app',
  max: connections,
  application_name: 'writer-app',
  connectionTimeoutMillis: 2_000,
});
// A server that goes away is told by the next query.
pool.on('error', () => undefined);
pool.on('connect', (client) => void client.on('error', () => undefined));

const writer = `${process.pid}-${Date.now()}`;
let stopping = false;
let count = 0;

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void (stopping = true));
// Whoever started it is gone, however that happened.
process.stdin.on('end', () => void (stopping = true)).resume();

await Promise.all(Array.from({ length: connections }, write));
await pool.end();
process.stdin.destroy();

async function write(): Promise<void> {
  while (!stopping) {
    try {
      const client = await pool.connect();
      try {
        await writeOne(client);
        client.release();
      } catch (error) {
        client.release(true);
        throw error;
      }
      await delay(pauseMs);
    } catch {
      await delay(20);
    }
  }
}

/** Begun before COMMIT is sent, so that no row can be in the database that the ledger does not know. */
async function writeOne(client: PoolClient): Promise<void> {
  const note = `${writer}-${(count += 1)}`;
  await client.query('BEGIN');
  const inserted = await client.query<{ id: string; xid: string; lsn: string; wal: string }>(
    `INSERT INTO ledger (note) VALUES ($1) RETURNING id, pg_current_xact_id()::text AS xid,
       pg_current_wal_insert_lsn()::text AS lsn, pg_walfile_name(pg_current_wal_insert_lsn()) AS wal`,
    [note],
  );
  const row = inserted.rows[0];
  if (row === undefined) throw new Error('the INSERT returned nothing');
  const one = { note, id: row.id, xid: row.xid, timeline: Number.parseInt(row.wal.slice(0, 8), 16) };
  enter({ is: 'begun', ...one, lsn: row.lsn, at: Date.now() });
  try {
    await client.query('COMMIT');
  } catch (error) {
    enter({ is: 'unacknowledged', ...one, lsn: row.lsn, at: Date.now() });
    throw error;
  }
  const at = Date.now();
  const after = await client
    .query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn')
    .catch(() => null);
  enter({ is: 'acknowledged', ...one, lsn: after?.rows[0]?.lsn ?? null, at });
}

function enter(entry: LedgerEntry): void {
  appendFileSync(settings.ledgerFile, `${JSON.stringify(entry)}\n`);
}
