import { admitSql, exchangeBackSql } from '../postgres/database-sql.ts';
import { exchangeOf } from './database-exchange.ts';
import type { Handler } from './handler.ts';
import { requireDatabase, runSql } from './live-database.ts';

export const databaseSwapBack: Handler<'database-swap-back'> = {
  async perform(host, params, call) {
    const { server, names, outgoing, isDone } = await exchangeOf(host, params, call);
    // Nobody is in either: neither has admitted anybody since.
    if (isDone) await runSql(server, exchangeBackSql(names), call);
    await requireDatabase(server, names.name, outgoing, call);
    await runSql(server, admitSql(names.name, true), call);
    return { renamed: isDone };
  },

  /** Performing again looks at both anew. */
  observe: () => Promise.resolve({ is: 'absent' }),
};
