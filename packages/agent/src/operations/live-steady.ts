import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { nowMicros } from '../system/clock.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { ProcessIdentity } from '../system/process-table.ts';
import { requirePlan } from './backup-lease.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Handler, Host } from './handler.ts';
import { liveProcess } from './live-process.ts';
import { scratchPlace } from './scratch-place.ts';

const beganSchema = z.strictObject({ pid: z.int(), startTime: z.string(), bootId: z.string(), at: z.int() });
type Began = z.infer<typeof beganSchema>;

const pollMs = 250;

/**
 * The checkpointer is started with the server and, when a process was lost, with all others anew (15, postmaster.c,
 * PostmasterStateMachine): then it is younger.
 */
const checkpointerSql = `SELECT json_build_object('startedAt', (SELECT (extract(epoch FROM max(backend_start)) * 1000000)::int8
  FROM pg_stat_activity WHERE backend_type = 'checkpointer'));`;
const checkpointerSchema = z.strictObject({ startedAt: z.int().nullable() });

export const liveSteady: Handler<'live-steady'> = {
  async perform(host, { forMs }, call) {
    const plan = requirePlan(call);
    const began = (await readBegan(host, plan)) ?? (await beginAnew(host, plan));
    const seconds = await watch(host, began, forMs, call).catch(async (error: unknown) => {
      // Whoever goes on all the same has seen it: what is watched next is the server of now.
      if (error instanceof ProblemError && !call.signal.aborted) await beginAnew(host, plan).catch(() => undefined);
      throw error;
    });
    return { seconds };
  },

  observe: () => Promise.resolve({ is: 'absent' }),
};

async function watch(host: Host, began: Began, forMs: number, call: Call): Promise<number> {
  for (;;) {
    const running = await liveProcess(host);
    if (running?.pid !== began.pid || running.startTime !== began.startTime || running.bootId !== began.bootId) {
      throw interrupted(running ? `another server runs since, process ${running.pid}` : 'no server runs');
    }
    const since = (nowMicros() - began.at) / 1000;
    if (since >= forMs) break;
    await sleep(Math.min(pollMs, forMs - since), undefined, { signal: call.signal });
  }
  const { startedAt } = await askJson(liveServer(host), checkpointerSql, checkpointerSchema, call.signal);
  if (startedAt === null || startedAt > began.at) throw interrupted('a process of it was lost, and it began anew');
  return (nowMicros() - began.at) / 1_000_000;
}

/** From when on a server that the plan has started is watched. */
export async function watchFrom(host: Host, plan: string, { pid, startTime, bootId }: ProcessIdentity): Promise<Began> {
  const began: Began = { pid, startTime, bootId, at: nowMicros() };
  await ensureDirectory(scratchPlace(host, plan).records);
  await writeAtomic(file(host, plan), JSON.stringify(began));
  return began;
}

async function beginAnew(host: Host, plan: string): Promise<Began> {
  const running = await liveProcess(host);
  if (running) return watchFrom(host, plan, running);
  throw interrupted('no server runs');
}

async function readBegan(host: Host, plan: string): Promise<Began | undefined> {
  const text = await readIfExists(file(host, plan));
  return text === undefined ? undefined : beganSchema.parse(JSON.parse(text));
}

function file(host: Host, plan: string): string {
  return `${scratchPlace(host, plan).records}/live-started.json`;
}

function interrupted(what: string): ProblemError {
  return new ProblemError(
    'postgres-failed',
    `live did not run without an interruption since it was restored: ${what}`,
    {
      next: "look at PostgreSQL's log for the reason, and start it if it is down; then resume the run, which watches it anew, or take the restore back: POST /v1/runs/{id}/undo",
    },
  );
}
