import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { LabPostgres } from '../lab/lab.ts';

/** A client that writes all the time and comes back whenever it is thrown out: what an application feels of a restore. */
export interface WritingClient {
  /** Acknowledged commits until now. */
  commits(): number;
  /** Seconds of the longest time between two acknowledged commits since the last call. */
  longestSilence(): number;
  close(): Promise<void>;
}

/** One connection as role `app`, each insert a commit of its own. */
export function writingClient({ host, port, database }: LabPostgres, table: string): WritingClient {
  let commits = 0;
  let last = performance.now();
  let longest = 0;
  let isOver = false;
  const acknowledged = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    commits += 1;
  };
  const work = async (): Promise<void> => {
    while (!isOver) {
      const client = new Client({ host, port, database, user: 'app', application_name: 'bench' });
      client.on('error', () => undefined);
      try {
        await client.connect();
        while (!isOver) {
          await client.query(`INSERT INTO ${table} DEFAULT VALUES`);
          acknowledged();
          await delay(2);
        }
      } catch {
        await delay(5);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  };
  const working = work();
  return {
    commits: () => commits,
    longestSilence: () => {
      const seconds = longest / 1000;
      longest = 0;
      last = performance.now();
      return seconds;
    },
    close: async () => {
      isOver = true;
      await working;
    },
  };
}
