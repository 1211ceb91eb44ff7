import { z } from 'zod';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { parseAmcheck, parseAmcheckProgress } from '../postgres/amcheck.ts';
import { amcheckArgv } from '../postgres/argv.ts';
import { databasesSql } from '../postgres/table-counts.ts';
import { requirePlan } from './backup-lease.ts';
import { requireCopyProcess } from './copy-process.ts';
import { askJson, copyServer } from './copy-sql.ts';
import { execute, failure } from './execute.ts';
import type { Handler } from './handler.ts';
import { requireScratch } from './scratch-record.ts';

const databasesSchema = z.array(z.object({ name: z.string() }));
const foundCorruption = 2;

/** Exit codes of pg_amcheck: 0 clean, 2 damage found, 1 it could not work. */
export const scratchAmcheck: Handler<'scratch-amcheck'> = {
  async perform(host, params, call) {
    const place = await requireScratch(host, requirePlan(call));
    await requireCopyProcess(place);
    const server = copyServer(host, place);
    const databases = await askJson(server, databasesSql, databasesSchema, call.signal);
    const program = {
      argv: amcheckArgv({ ...server.target, database: server.database }, params.level, params.jobs),
      user: server.user,
      background: true,
      timeoutMs: 48 * 3_600_000,
    };
    call.progress('amcheck', 0, null);
    const outcome = await execute(program, call.signal);
    const damaged = parseAmcheck(outcome.stdout);
    if (damaged.length > 0 || outcome.exitCode === foundCorruption) {
      const names = damaged.map((one) => one.relation);
      throw new ProblemError('amcheck-failed', `pg_amcheck found damage in ${names.join(', ') || 'the copy'}`, {
        next: 'the data was damaged before or in the backup: compare with live and with an older backup',
        facts: { damaged: damaged.slice(0, 100).map((one) => ({ ...one })) },
      });
    }
    if (outcome.exitCode !== 0) throw failure(program, outcome, 'postgres-failed');
    const relations = parseAmcheckProgress(outcome.stderr)?.done ?? 0;
    return { level: params.level, databases: databases.length, relations };
  },

  async observe() {
    return { is: 'absent' };
  },
};
