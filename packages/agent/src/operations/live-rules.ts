import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { loadedSql } from '../postgres/fence-sql.ts';
import { monotonicMs, nowMicros } from '../system/clock.ts';
import { isSameFile } from '../system/look-at-file.ts';
import { signalProcess, type ProcessIdentity } from '../system/process-table.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Host } from './handler.ts';

const loadedSchema = z.strictObject({ loadedAt: z.int(), hbaFile: z.string(), faults: z.array(z.string()) });
const loadMs = 15_000;

/**
 * Makes live read pg_hba.conf as it is now, and proves it by a session that begins afterwards. By a signal and not by SQL, because
 * the rules to get rid of may be those that shut the agent out.
 */
export async function loadRules(host: Host, hbaFile: string, postmaster: ProcessIdentity, call: Call): Promise<void> {
  const writtenAt = nowMicros();
  await signalProcess(postmaster, 'SIGHUP');
  await seenSince(host, hbaFile, writtenAt, call);
}

async function seenSince(host: Host, hbaFile: string, writtenAt: number, call: Call): Promise<void> {
  const deadline = monotonicMs() + loadMs;
  for (;;) {
    const seen = await askJson(liveServer(host), loadedSql, loadedSchema, call.signal).catch((error: unknown) =>
      mayPass(error, monotonicMs() > deadline),
    );
    if (seen) {
      await requireGood(seen, hbaFile);
      if (seen.loadedAt >= writtenAt) return;
    }
    if (monotonicMs() > deadline) throw incomplete('PostgreSQL did not read pg_hba.conf again');
    await sleep(20, undefined, { signal: call.signal });
  }
}

/** Without a free slot for a connection it can only be waited; whom the rules shut out stays shut out. */
function mayPass(error: unknown, isLate: boolean): undefined {
  const said = error instanceof Error ? error.message : String(error);
  if (isLate || !/too many clients|remaining connection slots|starting up/.test(said)) {
    throw incomplete(`the agent cannot connect any more: ${said}`);
  }
  return undefined;
}

async function requireGood({ hbaFile: read, faults }: z.infer<typeof loadedSchema>, hbaFile: string): Promise<void> {
  if (!(await isSameFile(read, hbaFile))) throw incomplete(`live reads ${read} and not ${hbaFile}`);
  if (faults.length > 0) {
    throw incomplete(`PostgreSQL finds faults in pg_hba.conf and goes on with the rules it had: ${faults.join('; ')}`);
  }
}

function incomplete(detail: string): ProblemError {
  return new ProblemError('fence-incomplete', detail, {
    next: 'live goes on; see pg_hba_file_rules and its log, correct it and plan again',
  });
}
