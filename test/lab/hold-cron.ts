import type { Lab } from './lab.ts';
import { labProcesses, type LabProcess } from './lab-processes.ts';
import { poll } from './poll.ts';

/**
 * Keeps the lab's `barman cron` from running, so that what arrives in `incoming/` or `streaming/` stays there until it is
 * archived by hand; returns what lets it run again, which must be called before the lab is taken down.
 */
export async function holdCron(lab: Lab): Promise<() => void> {
  const supervisor = (await labProcesses(lab)).find(({ argv }) => argv[1]?.endsWith('/cron-supervisor.ts'));
  if (supervisor === undefined) throw new Error(`cannot hold barman cron of the lab in ${lab.dir}: it does not run`);
  process.kill(supervisor.pid, 'SIGSTOP');
  await poll('the end of the last barman cron', 60_000, async () =>
    (await labProcesses(lab)).some(isArchiving) ? undefined : true,
  );
  return () => void process.kill(supervisor.pid, 'SIGCONT');
}

/** `barman cron` and the `barman archive-wal` that it starts. */
function isArchiving({ argv }: LabProcess): boolean {
  return (
    argv.some((part) => part.endsWith('/barman')) && argv.some((part) => part === 'cron' || part === 'archive-wal')
  );
}
