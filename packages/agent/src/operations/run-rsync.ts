import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { boxText, type Box } from '../mirror/box.ts';
import { judgeRsync } from '../mirror/judge-rsync.ts';
import { rsyncArgv, type Transfer } from '../mirror/rsync-argv.ts';
import { parseProgress, parseStatistics, type RsyncStatistics } from '../mirror/rsync-output.ts';
import type { Outcome } from '../system/program.ts';
import { streamProgram } from '../system/run-program.ts';
import { abortReason } from './execute.ts';
import type { Call } from './handler.ts';

export interface RsyncWork {
  readonly box: Box;
  /** Who reads Barman's files and has the key of the box. */
  readonly user: string | null;
  readonly call: Call;
}

const limitMs = 47 * 3_600_000;
/** Seconds before a connection is tried again that has brought nothing. What has arrived is not sent again. */
const pauses = [2, 5, 15, 30, 60];
const tailMax = 16_384;

/** One transfer, to its end; a connection that breaks is made again. Throws ProblemError. */
export async function runRsync(work: RsyncWork, transfer: Transfer, phase: string): Promise<RsyncStatistics> {
  for (let tries = 0, vanished = false; ; ) {
    const { verdict, statistics, sent } = await tryRsync(work, transfer, phase);
    // Over a line that breaks every hour a large backup gets there too.
    if (sent) tries = 0;
    switch (verdict.is) {
      case 'done':
        if (statistics) return statistics;
        throw failed(work, 'rsync says that it is done, and not what it did');
      case 'vanished':
        // Barman moves and deletes while it works; the second time it is something else.
        if (vanished && statistics) return statistics;
        vanished = true;
        break;
      case 'connection': {
        const pause = pauses[tries];
        if (pause === undefined) throw unreachable(work, verdict.reason);
        work.call.log('the connection to the mirror broke', { reason: verdict.reason, phase });
        await sleep(pause * 1000, undefined, { signal: work.call.signal }).catch(() => undefined);
        if (work.call.signal.aborted) throw abortReason(work.call.signal);
        tries += 1;
        break;
      }
      case 'refused':
        throw refused(work, verdict);
      case 'full':
        if (transfer.direction === 'fetch') throw fullHere(transfer, verdict.reason);
        throw new ProblemError(
          'insufficient-space',
          `the box of the mirror ${boxText(work.box)} is full: ${verdict.reason}`,
          {
            next: 'make room on it or order a larger one; what has arrived stays, and the mirror is as restorable as before',
          },
        );
      case 'failed':
        throw failed(work, verdict.reason);
    }
  }
}

function fullHere({ local }: Transfer, reason: string): ProblemError {
  return new ProblemError('insufficient-space', `there is no room left at ${local}: ${reason}`, {
    next: 'Make room there, or take a larger disk; what has arrived stays, and the next run goes on from there.',
    facts: { path: local },
  });
}

async function tryRsync({ box, user, call }: RsyncWork, transfer: Transfer, phase: string) {
  let tail = '';
  let sent = false;
  const program = { argv: rsyncArgv(box, transfer), user, background: true, timeoutMs: limitMs };
  const sink = (chunk: Buffer): boolean => {
    tail = (tail + chunk.toString('utf8')).slice(-tailMax);
    const progress = parseProgress(tail);
    if (progress) call.progress(phase, progress.bytes, null);
    sent ||= (progress?.bytes ?? 0) > 0;
    return true;
  };
  const outcome = await streamProgram(program, sink, call.signal);
  if (outcome.cancelled) throw abortReason(call.signal);
  return { verdict: judgeRsync(outcome.exitCode, outcome.stderr), statistics: parseStatistics(tail), sent };
}

function refused({ box }: Pick<RsyncWork, 'box'>, { reason, next }: { reason: string; next: string }): ProblemError {
  return new ProblemError('mirror-refused', `cannot reach the mirror ${boxText(box)}: ${reason}`, { next });
}

/** Why a command on the box did not run, or not to its end. */
export function reportConnection(box: Box, { exitCode, stderr }: Pick<Outcome, 'exitCode' | 'stderr'>): ProblemError {
  const verdict = judgeRsync(exitCode, stderr);
  if (verdict.is === 'refused') return refused({ box }, verdict);
  const reason = 'reason' in verdict ? verdict.reason : `it ended with exit code ${exitCode}`;
  return verdict.is === 'connection' ? unreachable({ box }, reason) : failed({ box }, reason);
}

function unreachable({ box }: Pick<RsyncWork, 'box'>, reason: string): ProblemError {
  return new ProblemError('mirror-unreachable', `the mirror ${boxText(box)} does not answer: ${reason}`, {
    next: 'what has arrived stays, and the mirror is as restorable as before; the next run goes on from there',
  });
}

function failed({ box }: Pick<RsyncWork, 'box'>, reason: string): ProblemError {
  return new ProblemError('mirror-failed', `the mirror ${boxText(box)} cannot be brought up to date: ${reason}`, {
    next: 'what has arrived stays, and the mirror is as restorable as before; remedy what rsync says and run it again',
  });
}
