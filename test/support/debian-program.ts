import { mkdtemp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../lab/run-command.ts';

/** A program of a Debian package, unpacked below a directory and not installed; null when apt cannot fetch it. */
export async function debianProgram(below: string, name: string, file: string): Promise<string | null> {
  const cwd = await mkdtemp(path.join(below, `${name}-`));
  const fetched = await runCommand(['apt-get', 'download', '-q', name], { cwd, limitMs: 300_000 });
  const [archive] = (await readdir(cwd)).filter((one) => one.endsWith('.deb'));
  if (fetched.code !== 0 || archive === undefined) return null;
  const unpacked = await runCommand(['dpkg-deb', '-x', archive, 'unpacked'], { cwd, limitMs: 120_000 });
  return unpacked.code === 0 ? path.join(cwd, 'unpacked', file) : null;
}
