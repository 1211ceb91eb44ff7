import { stateText } from '../postgres/state-text.ts';
import { writeAtomic } from '../system/files.ts';
import { removeFile } from '../system/look-at-file.ts';
import type { Host } from './handler.ts';
import { readSwap } from './swap-record.ts';

/** Beside the kept directory, for whoever has only the host: which directory is what, and what to type (T35). */
export async function writeStateText(host: Host, plan: string): Promise<void> {
  const record = await readSwap(host, plan);
  if (!record) return;
  const file = `${record.keptPath}.STATE.txt`;
  if (record.state === 'undone' || record.old === null) return removeFile(file);
  await writeAtomic(file, stateText(record, { server: host.serverName, postgres: host.server.postgres }));
}
