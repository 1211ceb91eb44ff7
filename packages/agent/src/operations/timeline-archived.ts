import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSegmentName } from '@barback/shared/postgres/segment.ts';
import { historyName } from '@barback/shared/postgres/timeline.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { archiveWalArguments } from '../barman/argv.ts';
import { monotonicMs } from '../system/clock.ts';
import { kindOf } from '../system/directory-tree.ts';
import type { Call, Handler, Host } from './handler.ts';
import { readProtection, type Protection } from './protection.ts';
import { runBarmanCommand } from './run-barman.ts';
import { switchWal } from './wal-switch.ts';

const historyMs = 5 * 60_000;
const archiveLimitMs = 5 * 60_000;

export const timelineArchived: Handler<'timeline-archived'> = {
  async perform(host, _params, call) {
    const startedAt = monotonicMs();
    const protection = await readProtection(host, call);
    const { segment } = await switchWal(host, protection, call);
    const timeline = parseSegmentName(segment, protection.segmentBytes)?.timeline;
    if (timeline === undefined) {
      throw new ProblemError('postgres-failed', `cannot read the name of live's WAL segment ${segment}`);
    }
    const history = timeline === 1 ? null : historyName(timeline);
    if (history !== null) await untilThere(host, protection, history, call);
    return { timeline, history, segment, seconds: (monotonicMs() - startedAt) / 1000 };
  },

  /** Another switch costs one segment. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

/** Compressed or not, Barman keeps a history under its own name (3.4.0 and 3.13.3, wal_archiver.py). */
async function untilThere(
  host: Host,
  { wal, version, streaming }: Protection,
  name: string,
  call: Call,
): Promise<void> {
  const archived = path.join(wal.wals, name);
  const command = { args: archiveWalArguments(host.server.barman.server), timeoutMs: archiveLimitMs };
  const deadline = monotonicMs() + historyMs;
  while ((await kindOf(archived)) !== 'file') {
    if (monotonicMs() > deadline) throw notThere(name, streaming ? wal.streaming : wal.incoming, wal.wals);
    await runBarmanCommand(host.server, command, version, call.signal);
    await sleep(500, undefined, { signal: call.signal });
  }
}

function notThere(name: string, way: string, wals: string): ProblemError {
  return new ProblemError('time-limit', `${name} did not reach Barman within ${historyMs / 1000} s`, {
    next: `Copy ${name} from live's pg_wal to ${way} as Barman's user and run \`barman archive-wal\`: without it in ${wals}, nothing of live's timeline can be restored. Live runs, and its WAL reaches Barman.`,
    facts: { history: name },
  });
}
