import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from '@barback/shared/operations/index.ts';
import { parseSegmentName } from '@barback/shared/postgres/segment.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { cronArguments, receiveWalStopArguments } from '../barman/argv.ts';
import { alignmentOf, wasNotRunning, type Alignment } from '../barman/receive-wal.ts';
import { currentSegmentSql } from '../postgres/slot-sql.ts';
import { monotonicMs } from '../system/clock.ts';
import { ensureDirectory, listDirectory } from '../system/directory-tree.ts';
import type { Program } from '../system/program.ts';
import { startProgram } from '../system/run-program.ts';
import { requirePlan } from './backup-lease.ts';
import { askJson, liveServer } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { isReceiving, readProtection, type Protection } from './protection.ts';
import { barmanError, barmanProgram, tryBarmanCommand } from './run-barman.ts';
import { scratchPlace } from './scratch-place.ts';

/** pg_receivewal ends a moment after Barman's own process does. */
const detachMs = 30_000;
const startMs = 180_000;
/** Another cron may hold Barman's lock when ours comes: it is asked again. */
const cronEveryMs = 20_000;

/** Stops Barman's receive-wal and waits until live has let go of it; whatever still streams then is not Barman's. */
export async function stopReceiveWal(host: Host, protection: Protection, call: Call): Promise<boolean> {
  const { version } = protection;
  const args = receiveWalStopArguments(host.server.barman.server);
  const output = await tryBarmanCommand(host.server, { args }, version, call.signal);
  const isIdle = wasNotRunning(output.errors);
  if (output.errors.length > 0 && !isIdle) throw barmanError(output.errors);
  const deadline = monotonicMs() + (isIdle ? 2_000 : detachMs);
  while ((await isReceiving(host, protection, call.signal)) && monotonicMs() < deadline) await sleep(200);
  return !isIdle;
}

export const receiveWalStop: Handler<'receive-wal-stop'> = {
  async perform(host, _params, call) {
    const protection = await readProtection(host, call);
    return { wasRunning: protection.streaming && (await stopReceiveWal(host, protection, call)) };
  },

  async observe(host, _params, call) {
    const protection = await readProtection(host, call);
    if (protection.streaming && (await isReceiving(host, protection, call.signal))) return { is: 'absent' };
    return { is: 'complete', result: { wasRunning: false } };
  },
};

const segmentSchema = z.strictObject({ segment: z.string() });

async function alignment(
  host: Host,
  { wal, segmentBytes }: Protection,
  call: Call,
): Promise<Alignment & { readonly segment: string }> {
  const { segment } = await askJson(liveServer(host), currentSegmentSql, segmentSchema, call.signal);
  const current = parseSegmentName(segment, segmentBytes);
  if (!current) throw new ProblemError('postgres-failed', `cannot read the name of live's WAL segment ${segment}`);
  return { ...alignmentOf(await listDirectory(wal.streaming), current, segmentBytes), segment };
}

/**
 * As `receive-wal --reset` does (3.4.0, wal_archiver.py), but nothing is deleted: a newer, empty `.partial` is where pg_receivewal
 * begins, and Barman archives the older one, whose commits no other file has, as it is.
 */
export const receiveWalAlign: Handler<'receive-wal-align'> = {
  async perform(host, _params, call) {
    const protection = await readProtection(host, call);
    const found = await alignment(host, protection, call);
    if (found.is === 'ahead') throw isAhead(found, protection);
    if (found.is === 'aligned') return aligned(found, false);
    const file = path.join(protection.wal.streaming, `${found.segment}.partial`);
    // As Barman's user: root writes nothing into a directory that another user can replace by a link.
    await executeOk(emptyFile(host, file), call.signal, 'barman-failed');
    call.log('receive-wal begins at the current segment', { file, received: found.received });
    return aligned(found, true);
  },

  async observe(host, _params, call) {
    const found = await alignment(host, await readProtection(host, call), call);
    return found.is === 'aligned' ? { is: 'complete', result: aligned(found, false) } : { is: 'absent' };
  },
};

function aligned(
  { segment, received }: Alignment & { readonly segment: string },
  changed: boolean,
): Result<'receive-wal-align'> {
  return { segment, received, changed };
}

function isAhead({ received, segment }: { received: string; segment: string }, { wal }: Protection): ProblemError {
  return new ProblemError(
    'location-unsafe',
    `${wal.streaming} holds ${received}, which is ahead of live's WAL (${segment}): it is of a history that was given up`,
    {
      next: `Move what lies in ${wal.streaming} to another directory on the host, then make a new plan. Nothing was changed.`,
      facts: { received, current: segment },
    },
  );
}

function emptyFile(host: Host, file: string): Program {
  return { argv: ['/usr/bin/touch', '--', file], user: host.server.barman.user ?? null, timeoutMs: 30_000 };
}

export const receiveWalStart: Handler<'receive-wal-start'> = {
  async perform(host, _params, call) {
    const protection = await readProtection(host, call);
    if (!protection.streaming || (await isReceiving(host, protection, call.signal))) return { wasRunning: true };
    if (await untilReceiving(host, protection, startMs, call)) return { wasRunning: false };
    throw new ProblemError('barman-failed', `receive-wal did not begin to stream within ${startMs / 1000} s`, {
      next: `Run \`barman receive-wal ${host.server.barman.server}\` on the host as Barman's user and read what it says. WAL since the last base backup is not protected until it runs.`,
      facts: { log: cronLog(host, call) },
    });
  },

  async observe(host, _params, call) {
    const protection = await readProtection(host, call);
    const isThere = !protection.streaming || (await isReceiving(host, protection, call.signal));
    return isThere ? { is: 'complete', result: { wasRunning: false } } : { is: 'absent' };
  },
};

/** Lets Barman's cron start receive-wal, and waits; false when live does not stream to it within the time. */
export async function untilReceiving(
  host: Host,
  protection: Protection,
  withinMs: number,
  call: Call,
): Promise<boolean> {
  const log = cronLog(host, call);
  await ensureDirectory(path.dirname(log));
  const deadline = monotonicMs() + withinMs;
  for (let askedAt = Number.NEGATIVE_INFINITY; monotonicMs() < deadline; await sleep(300)) {
    if (await isReceiving(host, protection, call.signal)) return true;
    if (monotonicMs() - askedAt < cronEveryMs) continue;
    // Started to outlive this job: the receive-wal that it leaves behind must not end with it.
    await startProgram(barmanProgram(host.server, cronArguments), log);
    askedAt = monotonicMs();
  }
  return false;
}

function cronLog(host: Host, call: Call): string {
  return path.join(scratchPlace(host, requirePlan(call)).records, 'barman-cron.log');
}
