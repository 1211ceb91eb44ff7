import path from 'node:path';
import { redact } from '../mirror/redact.ts';
import { execute, failure } from './execute.ts';
import { writeForMirror } from './mirror-workplace.ts';
import type { Vault } from './vault-fetch.ts';

const diffMax = 4_000;

interface Side {
  readonly label: string;
  readonly text: string;
}

/** Unified, without secrets of either side; its beginning where it is long. */
export async function configurationDiff(
  { work, at }: Pick<Vault, 'work' | 'at'>,
  from: Side,
  to: Side,
): Promise<string> {
  const files = ['diff-from', 'diff-to'].map((name) => path.join(at, name));
  for (const [index, side] of [from, to].entries()) {
    await writeForMirror(work, files[index] ?? '', redact(side.text).text);
  }
  const program = {
    argv: ['/usr/bin/diff', '--unified=2', `--label=${from.label}`, `--label=${to.label}`, ...files],
    user: work.user,
    timeoutMs: 30_000,
  };
  const outcome = await execute(program, work.call.signal);
  // diff(1): 1 means that there are differences.
  if (outcome.exitCode !== 0 && outcome.exitCode !== 1) throw failure(program, outcome, 'internal');
  return outcome.stdout.slice(0, diffMax);
}
