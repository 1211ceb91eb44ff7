import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Handler } from './handler.ts';
import { askWalChild, barmanSource, filesOnPath, requestedNumber } from './read-wal.ts';

const tries = 4;

export const walEnds: Handler<'wal-ends'> = {
  async perform(host, params, call) {
    for (let attempt = 1; ; attempt += 1) {
      const source = await barmanSource(host, params.timeline, 'barman', call);
      const { segmentBytes } = source;
      const number = requestedNumber(params.segment, segmentBytes);
      // The one behind it too: a record may cross.
      const { files, missing } = filesOnPath(source, number, number + 1n);
      if (files.length === 0) {
        throw new ProblemError('wal-missing', `Barman does not hold ${missing}`, { next: 'choose another target' });
      }
      const { timeline, at } = params;
      const { binDirectory } = host.server.postgres;
      const last = files.map((one, index) => ({ ...one, mayEnd: one.mayEnd || index > 0 }));
      const request = { what: 'ends' as const, binDirectory, timeline, segmentBytes, files: last, at };
      const answer = await askWalChild(source.user, request, call);
      if (answer.is === 'ends') return answer.result;
      if (attempt === tries) {
        throw new ProblemError('wal-missing', `${params.segment} is moved faster than it can be read`, {
          next: 'try again',
        });
      }
      await sleep(200 * attempt);
    }
  },
};
