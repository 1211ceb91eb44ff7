import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { endSessionsSql, type LetIn } from '../postgres/fence-sql.ts';
import { servesNobody } from '../postgres/process-title.ts';
import { monotonicMs } from '../system/clock.ts';
import { childrenOf, commandLine, isAlive, signalProcess, type ProcessIdentity } from '../system/process-table.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Host } from './handler.ts';

type Session = Result<'live-fence'>['ended'][number];

const sessionSchema = z.strictObject({ pid: z.int(), role: z.string().nullable(), application: z.string() });
const lookSchema = z.strictObject({ there: z.array(sessionSchema), known: z.array(z.int()) });

const endMs = 30_000;
/** Until then somebody who was let in under the old rules, and has not shown up yet, is waited for. */
const arriveMs = 500;
const pollMs = 20;

/**
 * Ends everybody who is not let in and returns when nobody was there in two looks. Under the old rules PostgreSQL may also have
 * begun processes that have not said yet who they serve (a password on its way): they are waited for too, then ended. Whom it has
 * begun is asked behind the first look: the postmaster that served it has read the rules for certain, while the one that said it
 * had read its settings may have had the rules still to come (15, postmaster.c, SIGHUP_handler).
 */
export async function endForeign(
  host: Host,
  letIn: LetIn,
  postmaster: ProcessIdentity,
  call: Call,
): Promise<Session[]> {
  const startedAt = monotonicMs();
  const ended = new Map<number, Session>();
  let early: readonly ProcessIdentity[] | undefined;
  for (let quiet = 0; quiet < 2; ) {
    const { there, known } = await askJson(liveServer(host), endSessionsSql(letIn), lookSchema, call.signal);
    for (const one of there) ended.set(one.pid, one);
    early ??= await childrenOf(postmaster.pid);
    const silent = await silentAmong(early, new Set(known));
    if (monotonicMs() - startedAt > arriveMs) await endAll(silent);
    const isQuiet = there.length === 0 && silent.length === 0;
    quiet = isQuiet ? quiet + 1 : 0;
    if (!isQuiet && monotonicMs() - startedAt > endMs) throw stillThere(there, silent);
    if (!isQuiet) await sleep(pollMs, undefined, { signal: call.signal });
  }
  return [...ended.values()];
}

async function silentAmong(early: readonly ProcessIdentity[], known: ReadonlySet<number>): Promise<ProcessIdentity[]> {
  const silent: ProcessIdentity[] = [];
  for (const one of early) {
    if (known.has(one.pid) || !(await isAlive(one))) continue;
    if (!servesNobody((await commandLine(one.pid)) ?? [])) silent.push(one);
  }
  return silent;
}

async function endAll(processes: readonly ProcessIdentity[]): Promise<void> {
  for (const one of processes) await signalProcess(one, 'SIGTERM');
}

function stillThere(there: readonly Session[], silent: readonly ProcessIdentity[]): ProblemError {
  const names = [
    ...there.map((one) => `${one.pid} (${one.role ?? '?'}, ${one.application || 'no name'})`),
    ...silent.map((one) => `${one.pid} (has not said yet who it serves)`),
  ];
  return new ProblemError('fence-incomplete', `sessions do not end within ${endMs / 1000} s: ${names.join(', ')}`, {
    next: 'live goes on, and nobody new gets in until the fence is lifted, which the run does now; find out what keeps these processes (pg_stat_activity, or a debugger that stopped them), then plan again',
    facts: { sessions: there.map((one) => ({ ...one })), silent: silent.map((one) => one.pid) },
  });
}
