import path from 'node:path';
import { startedSchema } from '../jobs/files.ts';
import { nowMicros } from '../system/clock.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { isAlive, processIdentity } from '../system/process-table.ts';

/** Refuses to be the second executor of a state directory: each would issue fences and accept jobs of its own. */
export async function becomeSingleExecutor(stateDirectory: string): Promise<void> {
  const file = path.join(stateDirectory, 'executor.json');
  const text = await readIfExists(file);
  const other = text === undefined ? undefined : startedSchema.safeParse(safeJson(text)).data?.runner;
  if (other && other.pid !== process.pid && (await isAlive(other))) {
    throw new Error(`cannot start: process ${other.pid} is the executor of ${stateDirectory}; stop it first`);
  }
  await writeAtomic(file, JSON.stringify({ startedAt: nowMicros(), runner: await processIdentity(process.pid) }));
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
