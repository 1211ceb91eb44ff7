import type { Lab } from './lab.ts';
import { labProcesses } from './lab-processes.ts';

/**
 * Keeps the lab's pg_receivewal from receiving, as a network that hangs would; returns what lets it go on, which must be called
 * before the lab is taken down.
 */
export async function holdStreaming(lab: Lab): Promise<() => void> {
  const receiver = (await labProcesses(lab)).find(({ argv }) => argv[0]?.endsWith('pg_receivewal'));
  if (receiver === undefined) throw new Error(`cannot hold pg_receivewal of the lab in ${lab.dir}: it does not run`);
  process.kill(receiver.pid, 'SIGSTOP');
  return () => void process.kill(receiver.pid, 'SIGCONT');
}
