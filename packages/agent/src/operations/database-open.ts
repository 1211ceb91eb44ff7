import { z } from 'zod';
import { admitSql } from '../postgres/database-sql.ts';
import { askJson } from './copy-sql.ts';
import { exchangeOf } from './database-exchange.ts';
import type { Handler } from './handler.ts';
import { requireAmong, runSql } from './live-database.ts';

const admittingSql = `SELECT json_agg(datname ORDER BY datname) FROM pg_database WHERE datallowconn;`;

export const databaseOpen: Handler<'database-open'> = {
  async perform(host, params, call) {
    const { server, names, incoming, seen } = await exchangeOf(host, params, call);
    requireAmong(seen, names.name, incoming);
    await runSql(server, admitSql(names.name, true), call);
    return { databases: await askJson(server, admittingSql, z.array(z.string()), call.signal) };
  },

  /** Opening again changes nothing. */
  observe: () => Promise.resolve({ is: 'absent' }),
};
