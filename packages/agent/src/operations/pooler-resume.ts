import type { Handler } from './handler.ts';
import { poolerOf } from './pooler-console.ts';
import { resumeAll } from './pooler-pause.ts';

export const poolerResume: Handler<'pooler-resume'> = {
  async perform(host, { pooler }, call) {
    return { resumed: await resumeAll(poolerOf(host, pooler), call) };
  },

  /** What is not paused is left as it is. */
  observe: () => Promise.resolve({ is: 'absent' }),
};
