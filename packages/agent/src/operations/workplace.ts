import type { Call } from './handler.ts';
import { executeOk } from './execute.ts';

interface Working {
  readonly user: string | null;
  readonly call: Call;
  readonly prefix: string;
}

const limitMs = 600_000;

/** A new directory of that user, which nobody else reads. */
export async function makeWorkplace({ user, call, prefix }: Working): Promise<string> {
  const argv = ['/usr/bin/mktemp', '--directory', `/var/tmp/${prefix}-XXXXXXXX`];
  return (await executeOk({ argv, user, timeoutMs: limitMs }, call.signal, 'internal')).stdout.trim();
}

/** Also when the job was cancelled: its signal would keep the removal from beginning. */
export async function removeWorkplace({ user }: Pick<Working, 'user'>, directory: string): Promise<void> {
  const argv = ['/usr/bin/rm', '-rf', '--', directory];
  await executeOk({ argv, user, timeoutMs: limitMs }, AbortSignal.timeout(limitMs), 'internal');
}

/** One for as long as the work takes. */
export async function withWorkplace<T>(working: Working, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await makeWorkplace(working);
  try {
    return await work(directory);
  } finally {
    await removeWorkplace(working, directory);
  }
}
