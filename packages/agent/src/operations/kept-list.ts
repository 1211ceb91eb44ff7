import type { Kept } from '@barback/shared/operations/kept.ts';
import type { ControlData } from '../postgres/control-data.ts';
import { identityOf, listDirectory } from '../system/directory-tree.ts';
import { linkTarget } from '../system/look-at-file.ts';
import { runProgram } from '../system/run-program.ts';
import { isKnownAgain } from '../system/known-again.ts';
import { readControlData } from './control-data.ts';
import type { Call, Handler, Host } from './handler.ts';
import { listSwaps, type SwapRecord } from './swap-record.ts';

/** Counting a large cluster takes longer than anybody waits for a list. */
const countMs = 5_000;

export const keptList: Handler<'kept-list'> = {
  async perform(host, _params, call) {
    const swaps = (await listSwaps(host)).filter((one) => one.state === 'done' && one.old !== null);
    const kept = await Promise.all(swaps.map((one) => keptOf(host, one, call)));
    return { kept: kept.filter((one) => one !== null) };
  },
};

/** Null when nothing is at its place any more: deleted, or put back at the live path. */
async function keptOf(host: Host, { plan, keptPath, old, at }: SwapRecord, call: Call): Promise<Kept | null> {
  const found = await identityOf(keptPath);
  if (!found) return null;
  const intact = await isKnownAgain(old, found);
  const control = intact ? await controlOf(host, keptPath, call) : null;
  return {
    plan,
    path: keptPath,
    keptAt: at,
    bytes: intact ? await bytesOf(keptPath, call) : null,
    state: control?.state ?? null,
    systemIdentifier: control?.systemIdentifier ?? null,
    timeline: control?.timeline ?? null,
    intact,
  };
}

async function controlOf(host: Host, directory: string, call: Call): Promise<ControlData | null> {
  const user = host.server.postgres.user ?? null;
  return readControlData(host, directory, user, call.signal).catch(() => null);
}

async function bytesOf(directory: string, call: Call): Promise<number | null> {
  const argv = ['/usr/bin/du', '--summarize', '--bytes', '--total', '--', directory, ...(await placesOf(directory))];
  const outcome = await runProgram({ argv, user: null, timeoutMs: countMs, background: true }, call.signal);
  const total = /^(\d+)\ttotal$/m.exec(outcome.stdout)?.[1];
  return outcome.exitCode === 0 && total !== undefined ? Number(total) : null;
}

/** Directories outside that the links of a data directory lead to: its tablespaces, and its pg_wal where that is a link. */
export async function placesOf(directory: string): Promise<string[]> {
  const links = ['pg_wal', ...(await listDirectory(`${directory}/pg_tblspc`)).map((oid) => `pg_tblspc/${oid}`)];
  const targets = await Promise.all(links.map((name) => linkTarget(`${directory}/${name}`)));
  return targets.filter((one) => one !== undefined);
}
