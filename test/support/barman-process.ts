import { readdir, readFile } from 'node:fs/promises';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';

/** A process as /proc shows it. */
interface Seen {
  readonly pid: number;
  readonly group: number;
  readonly state: string;
  readonly argv: readonly string[];
}

/** The `barman recover` of this lab and whatever it started (rsync, setpriv …), found by process group. */
export async function recoverProcesses(lab: Lab): Promise<readonly Seen[]> {
  return processesOf(lab, 'recover');
}

/** A sub-command of this lab's Barman and whatever it started, found by process group. */
export async function processesOf(lab: Lab, subcommand: string): Promise<readonly Seen[]> {
  const all = await allProcesses();
  const roots = all.filter(({ argv }) => argv.includes(subcommand) && argv.includes(lab.barman.configFile));
  const groups = new Set(roots.map((one) => one.group));
  return all.filter((one) => groups.has(one.group));
}

/** Sends a signal to every process group of `barman recover`, once it is there. */
export async function signalRecover(lab: Lab, signal: NodeJS.Signals): Promise<void> {
  const found = await poll('a running barman recover', 30_000, async () => {
    const processes = await recoverProcesses(lab);
    return processes.length > 0 ? processes : undefined;
  });
  for (const group of new Set(found.map((one) => one.group))) process.kill(-group, signal);
}

/** Every process that /proc shows, zombies included. */
async function allProcesses(): Promise<readonly Seen[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return (await Promise.all(pids.map(inspect))).filter((one) => one !== undefined);
}

async function inspect(pid: string): Promise<Seen | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in parentheses, may hold spaces: the fields begin after the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').filter((part) => part !== '');
    return { pid: Number(pid), state: fields[0] ?? '', group: Number(fields[2]), argv };
  } catch {
    return undefined;
  }
}
