import { setTimeout as delay } from 'node:timers/promises';
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { LAB_MARK } from './lab-mark.ts';
import { poll } from './poll.ts';

export interface LabProcess {
  readonly pid: number;
  readonly argv: readonly string[];
}

interface Lab {
  readonly id: string;
  readonly dir: string;
}

/** Programs that work inside a lab; others that merely look at it (an editor, a tail) are not the lab's. */
const PROGRAMS =
  /^(postgres|initdb|psql|pg_[a-z]+|perl|barman|python3?[0-9.]*|rsync|ssh|sshd|sshd-session|sshd-auth|node|setpriv)$/;

/** Every process that belongs to the lab, whoever started it. */
export async function labProcesses(lab: Lab): Promise<LabProcess[]> {
  const mine = await ownLineage();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.filter((pid) => !mine.has(pid)).map((pid) => inspect(pid, lab)));
  return found.filter((one) => one !== undefined);
}

/** Ends every process of the lab: TERM, then KILL for what is left after `graceMs`. */
export async function endLabProcesses(lab: Lab, graceMs = 5_000): Promise<void> {
  // Twice, because one look can miss a process that was just forked by one that has just ended.
  const none = async () => (await labProcesses(lab)).length === 0;
  const gone = async () => ((await none()) && (await none()) ? true : undefined);
  for (const { pid } of await labProcesses(lab)) signal(pid, 'SIGTERM');
  const until = performance.now() + graceMs;
  while (performance.now() < until) {
    if (await gone()) return;
    await delay(50);
  }
  await poll('processes killed', 10_000, async () => {
    for (const { pid } of await labProcesses(lab)) signal(pid, 'SIGKILL');
    return gone();
  });
}

async function inspect(pid: number, lab: Lab): Promise<LabProcess | undefined> {
  try {
    const proc = `/proc/${pid}`;
    const argv = (await readFile(`${proc}/cmdline`, 'utf8')).split('\0').filter((part) => part !== '');
    // A zombie has no command line, and is already ended.
    if (argv.length === 0) return undefined;
    if (!PROGRAMS.test(path.basename(await readlink(`${proc}/exe`)))) return undefined;
    const environment = await readFile(`${proc}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(`${LAB_MARK}=${lab.id}`)) return { pid, argv };
    const at = await readlink(`${proc}/cwd`);
    const inside = `${lab.dir}/`;
    // sshd writes over its own arguments and environment: one string is left, with its configuration file in it.
    const named = (part: string) =>
      part.startsWith(inside) || (part.startsWith('sshd: ') && part.includes(` ${inside}`));
    const belongs = `${at}/`.startsWith(inside) || argv.some(named);
    return belongs ? { pid, argv } : undefined;
  } catch {
    // Ended meanwhile, or another user's: then it is not ours to end either.
    return undefined;
  }
}

async function ownLineage(): Promise<Set<number>> {
  const lineage = new Set<number>();
  for (let pid = process.pid; pid > 0 && !lineage.has(pid); ) {
    lineage.add(pid);
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The program's name, in parentheses, may hold spaces: the fields begin after the last one.
    pid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
  }
  return lineage;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
