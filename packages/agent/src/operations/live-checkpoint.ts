import { operations } from '@barback/shared/operations/index.ts';
import { liveServer, sqlProgram } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import type { Handler } from './handler.ts';
import { readSlots } from './protection.ts';

const { limitMs } = operations['live-checkpoint'];

export const liveCheckpoint: Handler<'live-checkpoint'> = {
  async perform(host, _params, call) {
    const { walBytes: walBytesBefore } = await readSlots(host, call.signal);
    // A large shared_buffers on a slow disk takes minutes.
    const limits = { statementTimeoutMs: limitMs, lockTimeoutMs: limitMs, timeoutMs: limitMs };
    await executeOk(sqlProgram(liveServer(host), 'CHECKPOINT;', limits), call.signal, 'postgres-failed');
    const { walBytes: walBytesAfter } = await readSlots(host, call.signal);
    return { walBytesBefore, walBytesAfter };
  },

  /** Another checkpoint harms nothing. */
  observe: () => Promise.resolve({ is: 'absent' }),
};
