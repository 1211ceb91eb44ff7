import { readdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './clock.ts';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot (proc(5), field 22). */
  readonly startTime: string;
  readonly bootId: string;
}

interface ProcessStat {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly startTime: string;
}

/** Grace between TERM and KILL. */
export const killGraceMs = 10_000;

const pollMs = 20;

/** State, process group and start time from the text of /proc/PID/stat (proc(5)). */
export function parseStat(text: string): ProcessStat | undefined {
  // The program's name, in parentheses, may hold spaces and parentheses: the fields begin after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  const startTime = fields[19];
  if (state === undefined || group === undefined || startTime === undefined) return undefined;
  return { state, parent: Number(parent), group: Number(group), startTime };
}

/** The identity of a running process; undefined when there is none with that number. */
export async function processIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  const found = await statOf(pid);
  return found && { pid, startTime: found.startTime, bootId: await currentBootId() };
}

/** Whether exactly this process still runs; a zombie does not. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const found = await statOf(identity.pid);
  return found?.startTime === identity.startTime && identity.bootId === (await currentBootId());
}

/** Numbers of the running processes of a group. */
async function groupMembers(group: number): Promise<number[]> {
  const members = await Promise.all(
    (await allPids()).map(async (pid) => ((await statOf(pid))?.group === group ? pid : undefined)),
  );
  return members.filter((pid) => pid !== undefined);
}

/** Running processes, this one excepted, whose initial environment holds `name=value`; as root, those of every user. */
export async function markedProcesses(name: string, value: string): Promise<number[]> {
  const wanted = `${name}=${value}`;
  const found = await Promise.all(
    (await allPids()).map(async (pid) => {
      if (pid === process.pid || !(await statOf(pid))) return undefined;
      const environment = await readProc(pid, 'environ');
      return environment?.split('\0').includes(wanted) ? pid : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

/** Whether the number is nobody's: a process that has ended keeps it until its parent has asked for its end. */
export async function isNumberFree(pid: number): Promise<boolean> {
  return (await readProc(pid, 'stat')) === undefined;
}

/** The running processes that a process has started itself. */
export async function childrenOf(parent: number): Promise<ProcessIdentity[]> {
  const bootId = await currentBootId();
  const found = await Promise.all(
    (await allPids()).map(async (pid) => {
      const one = await statOf(pid);
      return one?.parent === parent ? { pid, startTime: one.startTime, bootId } : undefined;
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** Numbers of the running processes, this one excepted, that work in a directory; as root, those of every user. */
export async function processesIn(directory: string): Promise<number[]> {
  const wanted = await stat(directory, { bigint: true }).catch(() => undefined);
  if (!wanted) return [];
  const found = await Promise.all(
    (await allPids()).map(async (pid) => {
      const cwd = await stat(`/proc/${pid}/cwd`, { bigint: true }).catch(() => undefined);
      return pid !== process.pid && cwd?.dev === wanted.dev && cwd.ino === wanted.ino ? pid : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

/** Ends every process that a job started, whether or not its runner still lives: TERM, then KILL after the grace. */
export async function killMarked(opid: string, graceMs: number = killGraceMs): Promise<number> {
  return endProcesses(() => markedProcesses('BARBACK_JOB', opid), graceMs);
}

/** Ends a process group: TERM, then KILL after the grace; returns when no member runs. */
export async function killGroup(group: number, graceMs: number = killGraceMs): Promise<number> {
  return endProcesses(() => groupMembers(group), graceMs);
}

/** Sends one signal to exactly this process; false when it does not run any more. */
export async function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  return (await isAlive(identity)) && sendSignal(identity.pid, signal);
}

/** Bytes that processes have read and written so far, from any file or pipe (rchar, wchar of proc(5)). */
export async function ioBytes(pids: readonly number[]): Promise<{ read: number; written: number }> {
  const texts = await Promise.all(pids.map((pid) => readProc(pid, 'io')));
  const sum = (field: string) =>
    texts.reduce((total, text) => total + Number(new RegExp(`^${field}: (\\d+)$`, 'm').exec(text ?? '')?.[1] ?? 0), 0);
  return { read: sum('rchar'), written: sum('wchar') };
}

/** The argv of a process; undefined when it does not run. */
export async function commandLine(pid: number): Promise<string[] | undefined> {
  const text = await readProc(pid, 'cmdline');
  return text ? text.replace(/\0$/, '').split('\0') : undefined;
}

/** The argv of every process that the kernel shows this user; kernel threads have none. */
export async function runningCommands(): Promise<{ pid: number; argv: string[] }[]> {
  const found = await Promise.all((await allPids()).map(async (pid) => ({ pid, argv: await commandLine(pid) })));
  return found.flatMap(({ pid, argv }) => (argv ? [{ pid, argv }] : []));
}

async function endProcesses(find: () => Promise<number[]>, graceMs: number): Promise<number> {
  const told = new Set<number>();
  const deadline = monotonicMs() + graceMs;
  for (;;) {
    const pids = await find();
    if (pids.length === 0) return told.size;
    const kill = monotonicMs() >= deadline;
    for (const pid of pids) {
      if (kill) sendSignal(pid, 'SIGKILL');
      else if (!told.has(pid)) {
        sendSignal(pid, 'SIGTERM');
        // A stopped process acts on TERM only when it is continued.
        sendSignal(pid, 'SIGCONT');
      }
      told.add(pid);
    }
    await sleep(pollMs);
  }
}

/** False when the process is gone or another user's. */
function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function statOf(pid: number): Promise<ProcessStat | undefined> {
  const found = parseStat((await readProc(pid, 'stat')) ?? '');
  return found && found.state !== 'Z' && found.state !== 'X' ? found : undefined;
}

/** Undefined for a process that ended meanwhile and for what the kernel does not show this user. */
async function readProc(pid: number, name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

async function allPids(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

let bootId: Promise<string> | undefined;

async function currentBootId(): Promise<string> {
  bootId ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then((text) => text.trim());
  return bootId;
}
