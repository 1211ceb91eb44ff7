/** A command as data; running it is somebody else's job. */
export interface Program {
  /** Absolute program first; never a shell. */
  readonly argv: readonly string[];
  /** Run as this user with its groups; null: as the agent itself. */
  readonly user: string | null;
  readonly cwd?: string;
  /** Added to the fixed minimal environment; never secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** For standard input; closed when left out. */
  readonly stdin?: string | Uint8Array;
  /** Instead of text: a file that the caller has opened, so that the program needs no right to open it. */
  readonly stdinFd?: number;
  /** Standard output goes to this new file (0600, owned by the agent) instead of memory. */
  readonly stdoutFile?: string;
  readonly timeoutMs: number;
  /** Bytes kept of each stream, the head dropped: the end says why a program failed. Default 4 MiB. */
  readonly outputBytesMax?: number;
  /** Lowest CPU and I/O priority, first choice of the OOM killer (T6). */
  readonly background?: boolean;
}

export interface Outcome {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
  readonly timedOut: boolean;
  readonly cancelled: boolean;
  readonly durationMs: number;
}

/** The argv as it is executed: priority first, then the user (`setpriv` keeps supplementary groups, Node's uid/gid does not). */
export function effectiveArgv(program: Pick<Program, 'argv' | 'user' | 'background'>): string[] {
  const priority = program.background
    ? ['/usr/bin/choom', '-n', '1000', '--', '/usr/bin/nice', '-n', '19', '/usr/bin/ionice', '-c', '3']
    : [];
  const user = program.user
    ? ['/usr/bin/setpriv', '--reuid', program.user, '--regid', program.user, '--init-groups', '--']
    : [];
  return [...priority, ...user, ...program.argv];
}
