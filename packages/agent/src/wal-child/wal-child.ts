import { text } from 'node:stream/consumers';
import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import { nowMicros } from '../system/clock.ts';
import { dropRights } from '../system/drop-rights.ts';
import { removeStaleTemporaries } from '../system/temporary-directory.ts';
import { temporaryPrefix } from './place-files.ts';
import { readEnds } from './read-ends.ts';
import { readIndex } from './read-index.ts';
import { readReplayed } from './read-replayed.ts';
import { walRequestSchema, type WalAnswer, type WalRequestMessage } from './wal-request.ts';

/**
 * The body of `main.ts wal`: one request on standard input, one answer as JSON on standard output, then the end. Reading WAL is
 * work for a process that has only the rights of the files' owner, at the priority that its parent gave it.
 */
export async function runWalChild(): Promise<void> {
  const request = walRequestSchema.parse(JSON.parse(await text(process.stdin)));
  dropRights(request.drop);
  const stop = new AbortController();
  // Aborted, the work takes its temporary files with it.
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  await removeStaleTemporaries(temporaryPrefix, nowMicros() / 1000).catch(() => undefined);
  const answer = await read(request, stop.signal).catch((error: unknown): WalAnswer => {
    const detail = error instanceof Error ? error.message : String(error);
    const isMissing = error instanceof ProblemError && problemTypeOf(error.problem) === 'wal-missing';
    return { is: 'failed', type: isMissing ? 'wal-missing' : 'postgres-failed', detail };
  });
  process.stdout.write(JSON.stringify(answer));
}

function read(request: WalRequestMessage, signal: AbortSignal): Promise<WalAnswer> {
  switch (request.what) {
    case 'index':
      return readIndex(request, signal);
    case 'ends':
      return readEnds(request, signal);
    case 'replayed':
      return readReplayed(request, signal);
  }
}
