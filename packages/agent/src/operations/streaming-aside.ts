import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { receiverDirectory } from '../barman/receiver-process.ts';
import { monotonicMs } from '../system/clock.ts';
import { identityOf, kindOf, listDirectory } from '../system/directory-tree.ts';
import { isSameFile } from '../system/look-at-file.ts';
import { runningCommands } from '../system/process-table.ts';
import type { Call, Host } from './handler.ts';
import { asBarman, keptWalPlace, makeKeptDirectory } from './kept-wal.ts';
import { readWalPlaces } from './wal-places.ts';

/** Barman runs pg_receivewal with --no-loop: it ends by itself when live stops (3.4.0, command_wrappers.py). */
const receiverEndMs = 10_000;
/** As many paths as surely fit into one command line. */
const batchFiles = 1_000;
/** Of batches that were not moved as a whole; more than a backlog of segments has. */
const tries = 100;

/**
 * Takes every file out of Barman's `streaming/` into the kept WAL of the plan: pg_receivewal goes on behind the highest segment it
 * finds there, and on a new timeline that may be one of a branch that was given up. Answers what lies in the kept WAL then.
 */
export async function setStreamingAside(host: Host, plan: string, call: Call): Promise<string[]> {
  const places = await readWalPlaces(host, plan, call);
  const kept = keptWalPlace(places, plan);
  const { streaming } = places.wal;
  await untilNobodyWrites(streaming, call);
  await makeKeptDirectory(host, kept, kept.streaming, call);
  await moveAll(host, streaming, kept.streaming, call);
  return listDirectory(kept.streaming);
}

/**
 * Puts back what `setStreamingAside` took, if it did; what live's new life has left there meanwhile goes to the kept WAL instead.
 * The rename in between tells one half of the work from the other after a crash. Answers what was put back.
 */
export async function putStreamingBack(host: Host, plan: string, call: Call): Promise<string[]> {
  const places = await readWalPlaces(host, plan, call);
  const kept = keptWalPlace(places, plan);
  const { streaming } = places.wal;
  const [isAside, isReturning] = [await isDirectory(kept.streaming), await isDirectory(kept.returning)];
  if (!isAside && !isReturning) return [];
  await untilNobodyWrites(streaming, call);
  if (!isReturning) {
    await makeKeptDirectory(host, kept, kept.givenUp, call);
    await moveAll(host, streaming, kept.givenUp, call);
    await asBarman(host, ['/usr/bin/mv', '-T', '--', kept.streaming, kept.returning], call);
  }
  const names = await listDirectory(kept.returning);
  await moveAll(host, kept.returning, streaming, call);
  await asBarman(host, ['/usr/bin/rmdir', '--', kept.returning], call);
  return names;
}

async function isDirectory(directory: string): Promise<boolean> {
  return (await kindOf(directory)) === 'directory';
}

/**
 * Moves files so that none is lost, whatever lies at the other side: an older one of a name stays as NAME.~1~. Barman's archive-wal
 * may take some of them at the same time, into `wals/`: then what is left is moved.
 */
async function moveAll(host: Host, from: string, to: string, call: Call): Promise<void> {
  await requireRename(from, to);
  for (let attempt = 1; ; attempt += 1) {
    const names = await listDirectory(from);
    if (names.length === 0) break;
    try {
      await moveOnce(host, names.slice(0, batchFiles), { from, to }, call);
    } catch (error) {
      if (attempt >= tries) throw error;
    }
  }
  const unfinished = (await listDirectory(to)).filter((name) => name.endsWith('.partial'));
  await asBarman(host, ['/usr/bin/sync', '--', ...unfinished.map((name) => path.join(to, name)), to, from], call);
}

async function moveOnce(
  host: Host,
  names: readonly string[],
  { from, to }: { readonly from: string; readonly to: string },
  call: Call,
): Promise<void> {
  const files = names.map((name) => path.join(from, name));
  await asBarman(host, ['/usr/bin/mv', '--backup=numbered', '-t', to, '--', ...files], call);
}

/** Between filesystems `mv` copies, and one that is killed leaves half a file under the whole name. */
async function requireRename(from: string, to: string): Promise<void> {
  const [source, target] = [await identityOf(from), await identityOf(to)];
  if (source?.device === target?.device) return;
  throw new ProblemError('location-unsafe', `${from} and ${to} are not on one filesystem`, {
    next: "Let streaming_wals_directory of Barman lie on the filesystem of the server's backup_directory, then make a new plan. Nothing was moved.",
  });
}

async function untilNobodyWrites(streaming: string, call: Call): Promise<void> {
  const deadline = monotonicMs() + receiverEndMs;
  for (;;) {
    const writer = await receiverOf(streaming);
    if (writer === undefined) return;
    if (monotonicMs() > deadline) {
      throw new ProblemError('barman-failed', `pg_receivewal ${writer} writes to ${streaming}`, {
        next: "Stop it (barman receive-wal --stop) as Barman's user, then try again. No file was moved; live was not touched.",
        facts: { pid: writer, directory: streaming },
      });
    }
    await sleep(25, undefined, { signal: call.signal });
  }
}

async function receiverOf(streaming: string): Promise<number | undefined> {
  for (const { pid, argv } of await runningCommands()) {
    const directory = receiverDirectory(argv);
    if (directory !== undefined && (await isSameFile(directory, streaming))) return pid;
  }
  return undefined;
}
