import path from 'node:path';
import { operations } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { monotonicMs } from '../system/clock.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { requirePlan } from './backup-lease.ts';
import { serverProcess } from './copy-process.ts';
import type { Handler, Host } from './handler.ts';
import { copyUnheld, findUnheldOfLive, keptWalOf } from './keep-wal.ts';
import { keptWalPlace } from './kept-wal.ts';
import { scratchPlace } from './scratch-place.ts';
import { setStreamingAside } from './streaming-aside.ts';
import { readWalPlaces } from './wal-places.ts';

export const walTailSave: Handler<'wal-tail-save'> = {
  async perform(host, _params, call) {
    const startedAt = monotonicMs();
    const plan = requirePlan(call);
    await refuseRunning(host);
    const places = await readWalPlaces(host, plan, call);
    const work = { host, plan, places, call };
    // The application waits, and nothing writes to live's filesystems any more: all that is free may be used.
    const files = await findUnheldOfLive(work, 0);
    const [copied, aside] = await Promise.allSettled([
      copyUnheld(work, files, false),
      setStreamingAside(host, plan, call),
    ]);
    if (copied.status === 'rejected') throw copied.reason;
    if (aside.status === 'rejected') throw aside.reason;
    const kept = await keptWalOf(keptWalPlace(places, plan));
    const setAside = aside.value;
    const result = { kept, setAside, seconds: (monotonicMs() - startedAt) / 1000 };
    await ensureDirectory(scratchPlace(host, plan).records);
    await writeAtomic(resultFile(host, plan), JSON.stringify(result));
    return result;
  },

  async observe(host, _params, call) {
    const text = await readIfExists(resultFile(host, requirePlan(call)));
    if (text === undefined) return { is: 'absent' };
    return { is: 'complete', result: operations['wal-tail-save'].result.parse(JSON.parse(text)) };
  },
};

/** Whether the plan has what Barman lacked of live's WAL: without it the last commits are only in pg_wal. */
export async function hasSavedTail(host: Host, plan: string): Promise<boolean> {
  return (await readIfExists(resultFile(host, plan))) !== undefined;
}

async function refuseRunning({ server }: Host): Promise<void> {
  const running = await serverProcess(server.postgres.dataDirectory);
  if (!running) return;
  throw new ProblemError('plan-void', `live runs (process ${running.pid}) and goes on writing WAL`, {
    next: 'Stop it first, then begin again. Nothing was copied or moved.',
    facts: { pid: running.pid },
  });
}

function resultFile(host: Host, plan: string): string {
  return path.join(scratchPlace(host, plan).records, 'wal-tail.json');
}
