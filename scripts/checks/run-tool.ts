import { spawn } from 'node:child_process';
import { repositoryRoot } from '../structure/repository.ts';

/** How a tool ended. */
export interface ToolResult {
  readonly code: number;
  /** Standard output and standard error as they came; empty when shown at once. */
  readonly output: string;
}

/** Signals that ask for an end: tools get them too, so that tests can take their labs down. */
export const STOPPING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** `capture` keeps the output for the caller, `show` passes it on as it comes. */
  readonly output?: 'capture' | 'show';
}

/** Runs `argv` with a Node script of node_modules as `argv[0]` and resolves however it ends. */
export async function runNodeTool(argv: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  const { promise, resolve } = Promise.withResolvers<ToolResult>();
  const child = spawn(process.execPath, [...argv], {
    cwd: options.cwd ?? repositoryRoot,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', ...(options.output === 'show' ? (['inherit', 'inherit'] as const) : (['pipe', 'pipe'] as const))],
  });
  const stop = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of STOPPING) process.on(signal, stop);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  child.on('error', (error) => resolve({ code: 127, output: `cannot start ${argv.join(' ')}: ${error.message}` }));
  child.on('close', (code, signal) => {
    for (const each of STOPPING) process.off(each, stop);
    resolve({ code: code ?? 128, output: signal === null ? output : `${output}\nended by ${signal}` });
  });
  return promise;
}
