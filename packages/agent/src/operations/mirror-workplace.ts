import { executeOk } from './execute.ts';
import type { RsyncWork } from './run-rsync.ts';
import { withWorkplace } from './workplace.ts';

const limitMs = 600_000;
/** The manifest of a large archive is read as one text. */
const outputBytesMax = 512 * 1024 ** 2;

type By = Pick<RsyncWork, 'user' | 'call'>;

/** Runs a small program as the user of the mirror; answers what it printed. */
export async function runForMirror(
  { user, call }: By,
  argv: readonly string[],
  stdin?: string | Uint8Array,
): Promise<string> {
  const input = stdin === undefined ? {} : { stdin };
  const program = { argv, user, timeoutMs: limitMs, outputBytesMax, ...input };
  return (await executeOk(program, call.signal, 'mirror-failed')).stdout;
}

/** Writes a file as that user, so that the agent never writes, as root, where somebody else can plant a link. */
export async function writeForMirror(by: By, file: string, text: string): Promise<void> {
  await runForMirror(by, ['/usr/bin/dd', `of=${file}`, 'status=none'], text);
}

/** A directory of that user for as long as the work takes. */
export function withMirrorDirectory<T>({ user, call }: By, work: (directory: string) => Promise<T>): Promise<T> {
  return withWorkplace({ user, call, prefix: 'barback-mirror' }, work);
}
