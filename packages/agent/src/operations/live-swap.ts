import path from 'node:path';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { monotonicMs, nowMicros } from '../system/clock.ts';
import { identityOf, kindOf } from '../system/directory-tree.ts';
import { isMountPoint } from '../system/filesystem.ts';
import { lookUpUser } from '../system/users.ts';
import { requirePlan } from './backup-lease.ts';
import type { Call, Handler, Host } from './handler.ts';
import { requireStopped } from './require-stopped.ts';
import { scratchPlace } from './scratch-place.ts';
import { readSealed } from './sealed-record.ts';
import { putStreamingBack } from './streaming-aside.ts';
import { lookAtSwap, moveTo, openSwap, placesOf } from './swap-directories.ts';
import { readSwap, writeSwap, type SwapRecord } from './swap-record.ts';
import { requireNewPlace } from './trusted-place.ts';
import { writeStateText } from './state-text.ts';
import { refence } from './write-fence.ts';

type Incoming = Params<'live-swap'>['incoming'];

export const liveSwap: Handler<'live-swap'> = {
  async perform(host, { incoming }, call) {
    const plan = requirePlan(call);
    const startedAt = monotonicMs();
    const record = (await unfinished(host, plan)) ?? (await begin(host, plan, incoming));
    const parent = await openSwap(record);
    try {
      const state = await lookAtSwap(parent, record);
      if (state !== 'done') {
        await requireReady(host, record);
        if (state !== 'altered') await writeStateText(host, record, call);
        await moveTo('done', parent, record);
      }
    } finally {
      await parent.close();
    }
    await refence(host, plan, call);
    await writeSwap(host, { ...record, state: 'done' });
    return resultOf(record, (monotonicMs() - startedAt) / 1000);
  },

  async observe(host, _params, call) {
    const record = await readSwap(host, requirePlan(call));
    if (!record || record.state === 'undone') return { is: 'absent' };
    const parent = await openSwap(record);
    try {
      const state = await lookAtSwap(parent, record);
      if (state === 'done' && record.state === 'done') return { is: 'complete', result: resultOf(record, 0) };
      // Not begun, between the two renames, or behind them and not yet fenced: performing again goes on from there.
      if (state !== 'altered') return { is: 'absent' };
      return { is: 'partial', facts: { ...(await placesOf(parent, record)), live: record.live.path } };
    } finally {
      await parent.close();
    }
  },
};

export const liveSwapBack: Handler<'live-swap-back'> = {
  async perform(host, _params, call) {
    const plan = requirePlan(call);
    const record = await readSwap(host, plan);
    if (record) await putBack(host, record, call);
    // Also when nothing was swapped: streaming is set aside before.
    await putStreamingBack(host, plan, call);
    return { swappedBack: record !== undefined };
  },

  async observe(host, _params, call) {
    const record = await readSwap(host, requirePlan(call));
    if (!record || record.state !== 'undone') return { is: 'absent' };
    return { is: 'complete', result: { swappedBack: true } };
  },
};

async function putBack(host: Host, record: SwapRecord, call: Call): Promise<void> {
  const parent = await openSwap(record);
  try {
    if ((await lookAtSwap(parent, record)) !== 'not-begun') {
      await requireStopped(record.live.path);
      await moveTo('not-begun', parent, record);
    }
  } finally {
    await parent.close();
  }
  const undone: SwapRecord = { ...record, state: 'undone' };
  await writeSwap(host, undone);
  await writeStateText(host, undone, call);
}

/** What an earlier try has written down; one that was put back begins anew. */
async function unfinished(host: Host, plan: string): Promise<SwapRecord | undefined> {
  const record = await readSwap(host, plan);
  return record?.state === 'undone' ? undefined : record;
}

/** Everything is looked at before the intent is written; nothing has been renamed until then. */
async function begin(host: Host, plan: string, incoming: Incoming): Promise<SwapRecord> {
  const { dataDirectory } = host.server.postgres;
  const source = await incomingOf(host, plan, incoming);
  const keptPath = `${dataDirectory}.before-${plan}`;
  const kind = await kindOf(dataDirectory);
  if (kind !== 'directory' && kind !== 'absent') throw refused(`${dataDirectory} is a ${kind}, not a directory`);
  if (await isMountPoint(dataDirectory)) throw refused(`a filesystem is mounted at ${dataDirectory}`);
  await requireNewPlace(host, keptPath);
  const found = await identityOf(dataDirectory);
  const old = found ? { device: found.device, inode: found.inode } : null;
  const record: SwapRecord = {
    server: host.serverName,
    plan,
    live: { path: dataDirectory },
    incoming: source,
    old,
    oldIsCluster: (await kindOf(path.join(dataDirectory, 'global', 'pg_control'))) === 'file',
    keptPath,
    at: nowMicros(),
    state: 'intended',
  };
  await requireReady(host, record);
  await writeSwap(host, record);
  return record;
}

async function incomingOf(host: Host, plan: string, incoming: Incoming): Promise<SwapRecord['incoming']> {
  if (incoming.from === 'scratch') {
    const sealed = await readSealed(scratchPlace(host, plan));
    if (sealed) return sealed.directory;
    throw refused(`plan ${plan} has no sealed copy`);
  }
  const swap = await readSwap(host, incoming.plan);
  if (swap?.state === 'done' && swap.old !== null) return { path: swap.keptPath, ...swap.old };
  throw refused(`plan ${incoming.plan} keeps no directory`);
}

/** Nobody works in either directory, and the incoming one is PostgreSQL's own, on the filesystem of the place it takes. */
async function requireReady(host: Host, { live, incoming }: SwapRecord): Promise<void> {
  for (const directory of [live.path, incoming.path]) await requireStopped(directory);
  const found = await identityOf(incoming.path);
  // Where it is live's already, or on its way, its place is empty.
  if (!found) return;
  const { uid } = await lookUpUser(host.server.postgres.user ?? null);
  if (found.uid !== uid) throw refused(`${incoming.path} belongs to user id ${found.uid}, not to PostgreSQL's ${uid}`);
  if ((found.mode & 0o7027) !== 0) throw refused(`${incoming.path} has mode ${found.mode.toString(8)}`);
  const [beside, there] = [await identityOf(path.dirname(live.path)), await identityOf(live.path)];
  // As they are now: a filesystem may have had another number when the swap was begun.
  if (found.device !== beside?.device || (there && there.device !== found.device)) {
    throw refused(`${incoming.path} is not on the filesystem of ${live.path}`);
  }
}

function resultOf({ incoming, old, keptPath }: SwapRecord, seconds: number): Result<'live-swap'> {
  const { device, inode } = incoming;
  return { live: { device, inode }, kept: old && { ...old, path: keptPath }, seconds };
}

function refused(reason: string): ProblemError {
  return new ProblemError('location-unsafe', `cannot put a directory at the live path: ${reason}`, {
    next: 'nothing was renamed: what was live is still there, stopped; the run starts it again',
  });
}
