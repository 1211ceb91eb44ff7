import { patient } from './patience.ts';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface CommandOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds until the process is killed. */
  readonly limitMs?: number;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of every process a lab starts: nothing of the caller's but its home. */
function labEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
    TZ: 'UTC',
    HOME: process.env['HOME'] ?? '/',
    ...extra,
  };
}

/** `argv` as another user; Node's own `uid` option would drop supplementary groups. */
export function asUser(user: string | undefined, argv: readonly string[]): string[] {
  if (user === undefined) return [...argv];
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--', ...argv];
}

/** Runs a command to its end; a non-zero exit is a result, not an error. */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('cannot run an empty command');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: labEnvironment(options.env),
      cwd: options.cwd ?? '/',
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: patient(options.limitMs ?? 120_000),
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', (error) => reject(new Error(`cannot start ${program}: ${error.message}`)));
    // 'exit' and not 'close': a daemon that the command leaves behind may hold the pipes open for ever.
    child.on('exit', (code) => {
      setImmediate(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
      });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
  });
}

/** Runs a command that must succeed and returns its standard output. */
export async function mustRun(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await runCommand(argv, options);
  if (result.code === 0) return result.stdout;
  const said = `${result.stderr}${result.stdout}`.trim().split('\n').slice(-20).join('\n');
  throw new Error(`cannot complete: ${argv.join(' ')}\nexit ${result.code ?? 'by signal or time limit'}: ${said}`);
}

/** Starts a process that outlives the caller, with its output appended to `logFile`; returns its id. */
export function startDetached(argv: readonly string[], logFile: string, env: Readonly<Record<string, string>>): number {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('cannot start an empty command');
  const log = openSync(logFile, 'a', 0o644);
  try {
    const child = spawn(program, args, {
      env: labEnvironment(env),
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.on('error', () => {});
    if (child.pid === undefined) throw new Error(`cannot start ${program}`);
    child.unref();
    return child.pid;
  } finally {
    closeSync(log);
  }
}
