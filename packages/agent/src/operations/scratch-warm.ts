import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  largeFilesArgv,
  parseLargeFiles,
  piecesToRead,
  readPieceArgv,
  type LargeFile,
} from '../postgres/warm-reads.ts';
import { monotonicMs } from '../system/clock.ts';
import type { Outcome } from '../system/program.ts';
import { runProgram } from '../system/run-program.ts';
import { requirePlan } from './backup-lease.ts';
import { abortReason } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { scratchUser } from './scratch-place.ts';
import { requireRecord, requireScratch } from './scratch-record.ts';

export const scratchWarm: Handler<'scratch-warm'> = {
  async perform(host, { kiloBytesPerSecond }, call) {
    const startedAt = monotonicMs();
    const place = await requireScratch(host, requirePlan(call));
    const { tablespaces } = await requireRecord(place);
    const roots = [`${place.pgdata}/base`, place.tablespaces, ...tablespaces.map((one) => one.path)];
    const { files, hindrance } = await largeFiles(host, roots, call);
    const ofBytes = files.reduce((sum, one) => sum + one.bytes, 0);
    const bytesMax = Math.min(ofBytes, Math.floor(totalmem() / 2));
    const done = await read(host, files, { bytesMax, bytesPerMs: kiloBytesPerSecond * 1.024 }, call);
    const memory = bytesMax < ofBytes ? `half of the host's memory are ${bytesMax} bytes` : null;
    const seconds = (monotonicMs() - startedAt) / 1000;
    return { bytes: done.bytes, ofBytes, hindrance: hindrance ?? done.hindrance ?? memory, seconds };
  },

  /** Reading again harms nothing. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

/** The copy runs, so a directory may go while it is looked through: what was found counts. */
async function largeFiles(host: Host, roots: readonly string[], call: Call) {
  const argv = largeFilesArgv(roots);
  const program = { argv, user: scratchUser(host), background: true, timeoutMs: 600_000, outputBytesMax: 1024 ** 3 };
  const outcome = await runProgram(program, call.signal);
  if (outcome.cancelled) throw abortReason(call.signal);
  return { files: parseLargeFiles(outcome.stdout), hindrance: hindranceOf(outcome) };
}

interface Bounds {
  readonly bytesMax: number;
  readonly bytesPerMs: number;
}

/** By the copy's own user, in pieces: each is followed by as long a pause as keeps to the rate. A file that is gone is passed over. */
async function read(host: Host, files: readonly LargeFile[], { bytesMax, bytesPerMs }: Bounds, call: Call) {
  const user = scratchUser(host);
  const startedAt = monotonicMs();
  let bytes = 0;
  let hindrance: string | null = null;
  for (const piece of piecesToRead(files, bytesMax)) {
    const program = { argv: readPieceArgv(piece), user, background: true, timeoutMs: 600_000 };
    const outcome = await runProgram(program, call.signal);
    if (outcome.cancelled) throw abortReason(call.signal);
    if (outcome.exitCode === 0) bytes += piece.bytes;
    else hindrance ??= hindranceOf(outcome);
    call.progress('reading', bytes, bytesMax);
    const early = bytes / bytesPerMs - (monotonicMs() - startedAt);
    if (early > 0) await sleep(early, undefined, { signal: call.signal }).catch(() => undefined);
    if (call.signal.aborted) throw abortReason(call.signal);
  }
  return { bytes, hindrance };
}

function hindranceOf({ exitCode, stderr }: Outcome): string | null {
  return exitCode === 0 ? null : stderr.trim().slice(-300) || 'a file could not be read';
}
