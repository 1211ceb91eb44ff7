import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { parsePostmasterPid } from '../postgres/postmaster-pid.ts';
import { readIfExists } from '../system/files.ts';
import { processesIn, processIdentity } from '../system/process-table.ts';

/** Refuses a directory that a process works in, or whose postmaster.pid names a process that runs: it would go on writing there. */
export async function requireStopped(directory: string): Promise<void> {
  const text = await readIfExists(path.join(directory, 'postmaster.pid')).catch(() => undefined);
  const named = text === undefined ? undefined : parsePostmasterPid(text);
  const running = named && (await processIdentity(named.pid)) ? [named.pid] : await processesIn(directory);
  if (running.length === 0) return;
  throw new ProblemError('location-unsafe', `process ${running.join(', ')} uses ${directory}`, {
    next: 'nothing was renamed; end that process, or remove a postmaster.pid that names another program, and try again',
    facts: { directory, pids: running },
  });
}
