import { analyzeArgv } from '../postgres/argv.ts';
import { runProgram } from '../system/run-program.ts';
import { liveServer } from './copy-sql.ts';
import { abortReason } from './execute.ts';
import type { Handler } from './handler.ts';

export const liveAnalyze: Handler<'live-analyze'> = {
  async perform(host, { withinMs }, call) {
    const { target, user, database } = liveServer(host);
    const program = {
      argv: analyzeArgv({ ...target, database }),
      user,
      environment: { PGCONNECT_TIMEOUT: '15' },
      timeoutMs: withinMs,
      outputBytesMax: 64 * 1024,
    };
    const outcome = await runProgram(program, call.signal);
    if (outcome.cancelled) throw abortReason(call.signal);
    const complete = outcome.exitCode === 0;
    const words = outcome.timedOut
      ? `it was not done within ${Math.round(withinMs / 1000)} s`
      : outcome.stderr.trim().slice(-500) || `vacuumdb ended with exit code ${outcome.exitCode}`;
    return { complete, hindrance: complete ? null : words, seconds: outcome.durationMs / 1000 };
  },

  /** Doing it again harms nothing. */
  observe: () => Promise.resolve({ is: 'absent' }),
};
