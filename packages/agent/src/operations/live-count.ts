import { ProblemError } from '@barback/shared/wire/problem.ts';
import { serverProcess } from './copy-process.ts';
import { liveServer } from './copy-sql.ts';
import { countTables } from './count-tables.ts';
import type { Handler } from './handler.ts';

/** Asks live exactly what the copy is asked; a server that does not run is no failure, only nothing to compare with. */
export const liveCount: Handler<'live-count'> = {
  async perform(host, params, call) {
    if (!(await serverProcess(host.server.postgres.dataDirectory))) return { available: false, tables: [] };
    const options = { statementTimeoutMs: params.statementTimeoutMs, inRecovery: false, locked: 'locked on live' };
    try {
      const counted = await countTables(liveServer(host), options, call.signal, (done, total) =>
        call.progress('tables', done, total),
      );
      return { available: true, tables: counted.tables };
    } catch (error) {
      if (error instanceof ProblemError && error.problem.type.endsWith(':postgres-failed')) {
        call.log(`live does not answer: ${error.message}`);
        return { available: false, tables: [] };
      }
      throw error;
    }
  },

  async observe() {
    return { is: 'absent' };
  },
};
