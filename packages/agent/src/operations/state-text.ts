import path from 'node:path';
import { stateText, type StatePlace } from '../postgres/state-text.ts';
import type { ParentDirectory } from '../system/parent-directory.ts';
import { typedLine } from './child-argv.ts';
import { hbaFileOf } from './fence-place.ts';
import type { Call, Host } from './handler.ts';
import { startConfBefore } from './hold.ts';
import { startProgramOf } from './live-control.ts';
import { openSwap } from './swap-directories.ts';
import type { SwapRecord } from './swap-record.ts';

/**
 * Beside the kept directory, for whoever has only the host: which directory is what, and what to type (T35). In a directory that
 * PostgreSQL's user may own, so it is written through the open directory; what was put at its name is replaced, never followed. A
 * text that cannot be written is no reason to take a cutover back: it is told in the log.
 */
export async function writeStateText(host: Host, record: SwapRecord, call: Pick<Call, 'log'>): Promise<void> {
  try {
    await withParent(record, (parent) => writeIn(parent, host, record));
  } catch (error) {
    call.log(
      `${stateFileOf(record)} is not as it should be: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** For a directory that is kept no longer. */
export async function removeStateText(record: SwapRecord): Promise<void> {
  await withParent(record, (parent) => parent.remove(path.basename(stateFileOf(record))));
}

async function writeIn(parent: ParentDirectory, host: Host, record: SwapRecord): Promise<void> {
  const name = path.basename(stateFileOf(record));
  if (record.state === 'undone' || record.old === null) return parent.remove(name);
  const text = stateText(record, await placeOf(host));
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, mode: 0o600 };
  await parent.replaceFile(name, Buffer.from(text), owner);
}

async function placeOf(host: Host): Promise<StatePlace> {
  return {
    server: host.serverName,
    binDirectory: host.server.postgres.binDirectory,
    rescue: typedLine(`rescue VERB --server ${host.serverName}`),
    hbaFile: hbaFileOf(host) ?? null,
    startConf: await startConfBefore(host),
    start: startLine(host),
  };
}

/** As root; a server that is started by pg_ctl is its own user's. */
function startLine(host: Host): string {
  if (host.server.postgres.service === undefined) return '# start PostgreSQL as you always do';
  const { argv, user } = startProgramOf(host);
  const as = user === null ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--'];
  return [...as, ...argv].join(' ');
}

async function withParent(record: SwapRecord, work: (parent: ParentDirectory) => Promise<void>): Promise<void> {
  const parent = await openSwap(record);
  try {
    await work(parent);
  } finally {
    await parent.close();
  }
}

function stateFileOf({ keptPath }: Pick<SwapRecord, 'keptPath'>): string {
  return `${keptPath}.STATE.txt`;
}
