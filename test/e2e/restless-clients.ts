import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { LabPostgres } from '../lab/lab.ts';

/** Clients as role `app` through the socket that write all the time and reconnect as soon as they are thrown out. */
export interface RestlessClients {
  /** Acknowledged commits until now. */
  commits(): number;
  /** How many are connected at this moment. */
  connected(): number;
  /** What the last refused connection was told. */
  refusal(): string;
  close(): Promise<void>;
}

export function restlessClients(postgres: LabPostgres, table: string, count: number): RestlessClients {
  let commits = 0;
  let connected = 0;
  let refusal = '';
  let isOver = false;
  const one = async (): Promise<void> => {
    while (!isOver) {
      const { host, port, database } = postgres;
      const client = new Client({ host, port, database, user: 'app', application_name: 'restless' });
      client.on('error', () => undefined);
      try {
        await client.connect();
      } catch (error) {
        refusal = String(error);
        await client.end().catch(() => undefined);
        await delay(5);
        continue;
      }
      connected += 1;
      try {
        while (!isOver) {
          await client.query(`INSERT INTO ${table} DEFAULT VALUES`);
          commits += 1;
        }
      } catch {
        // Thrown out: it comes back.
      } finally {
        connected -= 1;
        await client.end().catch(() => undefined);
      }
    }
  };
  const all = Promise.all(Array.from({ length: count }, one));
  return {
    commits: () => commits,
    connected: () => connected,
    refusal: () => refusal,
    close: async () => {
      isOver = true;
      await all;
    },
  };
}
