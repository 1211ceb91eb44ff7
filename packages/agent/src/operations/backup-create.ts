import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { operations, type Params, type Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { backupArguments, checkBackupArguments, deleteArguments } from '../barman/argv.ts';
import type { ListedBackup } from '../barman/list-backup.ts';
import type { BarmanVersion } from '../barman/versions.ts';
import { monotonicMs } from '../system/clock.ts';
import { listDirectory, treeBytes } from '../system/directory-tree.ts';
import { findBackup } from './backup-list.ts';
import { runCheck } from './barman-check.ts';
import { requirePlan } from './backup-lease.ts';
import type { Call, Handler, Host } from './handler.ts';
import { isBackupRunning, isUnfinished, ownBackup, recordKnown } from './own-backup.ts';
import { readProtection, type Protection } from './protection.ts';
import { untilReceiving } from './receive-wal.ts';
import { whileReporting } from './report-bytes.ts';
import { requireBarman, runBarmanCommand, tryBarmanCommand } from './run-barman.ts';
import { livePlaces, withSpaceGuard } from './space-guard.ts';
import { switchWal } from './wal-switch.ts';

const settleMs = 30 * 60_000;
const deleteLimitMs = 20 * 60_000;
/** Barman's own cron comes every minute. */
const receivingMs = 60_000;

export const backupCreate: Handler<'backup-create'> = {
  async perform(host, params, call) {
    const startedAt = monotonicMs();
    const protection = await readProtection(host, call);
    const before = await ownBackup(host, protection, call);
    // A try that was killed has left it: its files are not complete, and never will be.
    if (before && isUnfinished(before)) await deleteUnfinished(host, protection, before.id, call);
    if (!before || isUnfinished(before)) await makeBackup(host, protection, params, call);
    const { id } = await untilDone(host, protection, call);
    return resultOf(host, id, call, (monotonicMs() - startedAt) / 1000);
  },

  /** Whatever a try has left, performing again goes on from it or begins anew. */
  async observe(host, _params, call) {
    const version = await requireBarman(host.server, call.signal);
    const own = await ownBackup(host, { version }, call);
    if (own?.status !== 'DONE') return { is: 'absent' };
    return { is: 'complete', result: await resultOf(host, own.id, call, null) };
  },
};

export const backupDiscard: Handler<'backup-discard'> = {
  async perform(host, _params, call) {
    const protection = await readProtection(host, call);
    const own = await ownBackup(host, protection, call);
    if (!own || !isUnfinished(own)) return { deleted: null };
    await deleteUnfinished(host, protection, own.id, call);
    return { deleted: own.id };
  },

  async observe(host, _params, call) {
    const version = await requireBarman(host.server, call.signal);
    const own = await ownBackup(host, { version }, call);
    return own && isUnfinished(own) ? { is: 'absent' } : { is: 'complete', result: { deleted: null } };
  },
};

async function resultOf(host: Host, id: string, call: Call, measured: number | null): Promise<Result<'backup-create'>> {
  const { backup } = await findBackup(host.server, id, call.signal);
  const { timeline, beginWal, endLsn, beginTime, endTime, sizeBytes } = backup;
  const seconds = measured ?? (endTime === null || beginTime === null ? 0 : (endTime - beginTime) / 1_000_000);
  return { backupId: id, timeline, beginWal, endLsn, endTime, sizeBytes, seconds };
}

async function makeBackup(
  host: Host,
  protection: Protection,
  { expectBytes, startReceiving }: Params<'backup-create'>,
  call: Call,
): Promise<void> {
  const { version, baseDirectory } = protection;
  await recordKnown(host, { version }, call);
  // If it does not come, Barman refuses, and why is told.
  if (startReceiving === true) await untilReceiving(host, protection, receivingMs, call);
  const before = new Set(await listDirectory(baseDirectory));
  const measure = async (): Promise<number> => {
    const fresh = (await listDirectory(baseDirectory)).filter((name) => !before.has(name));
    const sizes = await Promise.all(fresh.map((name) => treeBytes(path.join(baseDirectory, name))));
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  const args = backupArguments(host.server.barman.server, `barback-${requirePlan(call)}`);
  const report = (bytes: number): void => call.progress('copy', bytes, expectBytes);
  await withSpaceGuard(host, await livePlaces(host), call.signal, async (signal) =>
    whileReporting(measure, report, async () => {
      const { limitMs } = operations['backup-create'];
      const output = await tryBarmanCommand(host.server, { args, timeoutMs: limitMs }, version, signal);
      if (output.errors.length > 0) throw await notMade(host, version, output.errors, call);
      call.log('barman backup has ended', { info: [...output.info], warnings: [...output.warnings] });
    }),
  );
}

/** Barman refuses to begin while one of its checks fails, and says only that: which one does belongs to the problem. */
async function notMade(
  host: Host,
  version: BarmanVersion,
  errors: readonly string[],
  call: Call,
): Promise<ProblemError> {
  const { checks } = await runCheck(host.server, version, call.signal);
  const failed = checks.filter((one) => !one.ok).map((one) => `${one.name} (${one.hint || 'no hint'})`);
  const told = failed.length === 0 ? '' : `; its checks that fail: ${failed.join(', ')}`;
  return new ProblemError('barman-failed', `Barman says: ${errors.join('; ').slice(0, 1000)}${told}`, {
    next: `Remedy what \`barman check ${host.server.barman.server}\` names, then make a new plan. Live runs as it did; WAL reaches Barman if receive-wal runs.`,
    facts: { failedChecks: failed },
  });
}

/** Closes segments until Barman has the WAL that the backup needs: on an idle server nothing else would. */
async function untilDone(host: Host, protection: Protection, call: Call): Promise<ListedBackup> {
  const deadline = monotonicMs() + settleMs;
  for (;;) {
    const own = await ownBackup(host, protection, call);
    if (own?.status === 'DONE') return own;
    if (own?.status !== 'WAITING_FOR_WALS') throw notUsable(own, host);
    if (monotonicMs() > deadline) throw notUsable(own, host);
    await switchWal(host, protection, call);
    const args = checkBackupArguments(host.server.barman.server, own.id);
    await runBarmanCommand(host.server, { args, timeoutMs: settleMs }, protection.version, call.signal);
    await sleep(200, undefined, { signal: call.signal });
  }
}

function notUsable(own: ListedBackup | undefined, host: Host): ProblemError {
  const what = own ? `backup ${own.id} is ${own.status}` : 'Barman lists no backup of this plan';
  return new ProblemError('barman-failed', `${what} after barman backup`, {
    next: `Read Barman's log and \`barman show-backup ${host.server.barman.server} ${own?.id ?? 'latest'}\`. Live runs as it did.`,
    facts: { backup: own?.id ?? null, status: own?.status ?? null },
  });
}

/** Never while any backup is being made: what is not complete then may be somebody's work. */
async function deleteUnfinished(host: Host, protection: Protection, id: string, call: Call): Promise<void> {
  const { version } = protection;
  if (await isBackupRunning(host, protection)) {
    throw new ProblemError('barman-failed', `backup ${id} is not complete, and a barman backup is at work`, {
      next: `Wait for its end, then look: barman list-backup ${host.server.barman.server}. Live runs as it did.`,
    });
  }
  const args = deleteArguments(host.server.barman.server, id);
  await runBarmanCommand(host.server, { args, timeoutMs: deleteLimitMs }, version, call.signal);
  call.log('an unfinished backup of this plan was deleted', { id });
}
