import { serverProcess } from '../operations/copy-process.ts';
import { hbaFileOf } from '../operations/fence-place.ts';
import type { Host } from '../operations/handler.ts';
import { heldBy } from '../operations/hold.ts';
import { openSwap, placesOf } from '../operations/swap-directories.ts';
import { listSwaps, type SwapRecord } from '../operations/swap-record.ts';
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

/** What lies where, by inode, whether PostgreSQL runs, and who is kept out. */
export async function rescueStatus(host: Host): Promise<string> {
  const { dataDirectory } = host.server.postgres;
  const [found, running, hold, swaps] = await Promise.all([
    identityOf(dataDirectory),
    serverProcess(dataDirectory),
    heldBy(host),
    listSwaps(host),
  ]);
  const hba = hbaFileOf(host);
  const fence = hba === undefined ? null : fenceOf((await readIfExists(hba)) ?? '');
  const last = swaps.at(-1);
  const lines = [
    `server      ${host.serverName}`,
    `live path   ${dataDirectory}: ${found ? `inode ${found.inode} on device ${found.device}` : 'nothing is there'}`,
    `PostgreSQL  ${running ? `runs, process ${running.pid}` : 'does not run'}`,
    `fence       ${fence === null ? 'none' : `of plan ${fence}, in ${hba}: only the local superuser and Barman get in`}`,
    `hold        ${hold === null ? 'none' : `of plan ${hold}: PostgreSQL cannot be started (PG_VERSION has mode 0000)`}`,
    ...(last ? await swapLines(last) : ['swap        no plan has swapped directories']),
  ];
  return lines.join('\n');
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
