import path from 'node:path';
import { closedByImports } from '../operations/closed-databases.ts';
import { serverProcess } from '../operations/copy-process.ts';
import { hbaFileOf } from '../operations/fence-place.ts';
import type { Host } from '../operations/handler.ts';
import { heldBy } from '../operations/hold.ts';
import { openSwap, placesOf } from '../operations/swap-directories.ts';
import { scratchPlace } from '../operations/scratch-place.ts';
import { readSealed } from '../operations/sealed-record.ts';
import { listSwaps, readSwap, type SwapRecord } from '../operations/swap-record.ts';
import { fenceOf } from '../postgres/hba-fence.ts';
import type { Lies } from '../postgres/swap-state.ts';
import { identityOf } from '../system/directory-tree.ts';
import { readIfExists } from '../system/files.ts';

const words: Record<Lies, string> = {
  old: 'what was live before the plan',
  incoming: 'what the plan restored',
  other: 'something that the agent did not put there',
  nothing: 'nothing',
};

/**
 * The plan to finish or to take back: the one that holds or fences live, whose swap may not have begun, and only without one the
 * newest that has swapped. The swap of an earlier plan is none of the business of a later one that was cut short.
 */
export async function planUnderWay(host: Host): Promise<string | null> {
  return (await heldBy(host)) ?? (await fencedBy(host)) ?? (await listSwaps(host)).at(-1)?.plan ?? null;
}

/** What lies where, by inode, whether PostgreSQL runs, and who is kept out. */
export async function rescueStatus(host: Host): Promise<string> {
  const { dataDirectory } = host.server.postgres;
  const [found, running, hold, fence, plan] = await Promise.all([
    identityOf(dataDirectory),
    serverProcess(dataDirectory),
    heldBy(host),
    fencedBy(host),
    planUnderWay(host),
  ]);
  const lines = [
    `server      ${host.serverName}`,
    `live path   ${dataDirectory}: ${found ? `inode ${found.inode} on device ${found.device}` : 'nothing is there'}`,
    `PostgreSQL  ${running ? `runs, process ${running.pid}` : 'does not run'}`,
    `fence       ${fence === null ? 'none' : `of plan ${fence}, in ${hbaFileOf(host)}: only the local superuser and Barman get in`}`,
    `hold        ${await holdWords(dataDirectory, hold)}`,
    ...(running ? await closedLines(host) : []),
    ...(plan === null ? ['last plan   none has touched what is live'] : await planLines(host, plan)),
  ];
  return lines.join('\n');
}

/** What cannot be asked is said: the answer is not that everybody gets in. */
async function closedLines(host: Host): Promise<string[]> {
  try {
    const closed = await closedByImports(host, AbortSignal.timeout(30_000));
    return closed.map(
      (name) => `closed      the database ${name}: an import was cut off; lift lets everybody in again`,
    );
  } catch (error) {
    return [`closed      not known: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** What is recorded may have been lifted by hand since. */
async function holdWords(dataDirectory: string, plan: string | null): Promise<string> {
  if (plan === null) return 'none';
  const version = await identityOf(path.join(dataDirectory, 'PG_VERSION'));
  const isOn = version === undefined || (version.mode & 0o777) === 0;
  return isOn
    ? `of plan ${plan}: PostgreSQL cannot be started (PG_VERSION has mode 0000)`
    : `none: that of plan ${plan} was lifted by hand`;
}

/** The plan whose fence is in pg_hba.conf. */
export async function fencedBy(host: Host): Promise<string | null> {
  const hba = hbaFileOf(host);
  return hba === undefined ? null : fenceOf((await readIfExists(hba)) ?? '');
}

async function planLines(host: Host, plan: string): Promise<string[]> {
  const swap = await readSwap(host, plan);
  if (swap) return swapLines(swap);
  const isReady = (await readSealed(scratchPlace(host, plan))) !== undefined;
  return [
    `last plan   ${plan}, which has not swapped directories: what lies at the live path is what was live`,
    `next        ${isReady ? 'finish: put the restored one at the live path and start it; ' : ''}undo: start what lies there; lift: let everybody in`,
  ];
}

async function swapLines(record: SwapRecord): Promise<string[]> {
  const parent = await openSwap(record);
  try {
    const places = await placesOf(parent, record);
    return [
      `last plan   ${record.plan}, ${record.state}`,
      `  ${record.live.path}: ${words[places.live]}`,
      `  ${record.keptPath}: ${words[places.kept]}`,
      `  ${record.incoming.path}: ${words[places.source]}`,
      'next        finish: put the restored one at the live path and start it; undo: put back what was live and start it; lift: let everybody in',
    ];
  } finally {
    await parent.close();
  }
}
