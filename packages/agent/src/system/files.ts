import { randomBytes } from 'node:crypto';
import { appendFile, chown, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

export interface FileOptions {
  /** Permission bits; 0600 when left out. */
  readonly mode?: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** The content, or undefined when there is no such file. */
export async function readIfExists(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** One character for each byte, whatever the encoding. */
export async function readBytesIfExists(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'latin1');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The last bytes of a file, at most `bytesMax` of them; '' when there is none. */
export async function readTail(file: string, bytesMax: number): Promise<string> {
  return (await readFrom(file, -bytesMax, bytesMax)).text;
}

/** Reads at most `bytesMax` bytes from an offset (negative: from the end); for logs that grow while they are read. */
export async function readFrom(
  file: string,
  offset: number,
  bytesMax: number,
): Promise<{ text: string; nextOffset: number; size: number }> {
  let handle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { text: '', nextOffset: Math.max(0, offset), size: 0 };
    throw error;
  }
  try {
    const { size } = await handle.stat();
    const start = offset < 0 ? Math.max(0, size + offset) : offset;
    const buffer = Buffer.alloc(Math.max(0, Math.min(bytesMax, size - start)));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    return { text: buffer.toString('utf8', 0, bytesRead), nextOffset: start + bytesRead, size };
  } finally {
    await handle.close();
  }
}

/** Replaces a file so that a reader, or a power cut, sees the old content or the new one, never a part. */
export async function writeAtomic(file: string, content: string, options: FileOptions = {}): Promise<void> {
  const temporary = temporaryName(file);
  try {
    await writeNew(temporary, content, options);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(path.dirname(file));
}

/** Like `writeAtomic` without the two fsyncs: for progress, whose loss in a power cut costs nothing. */
export async function replaceVolatile(file: string, content: string): Promise<void> {
  const temporary = temporaryName(file);
  await writeNew(temporary, content, {}, false);
  await rename(temporary, file);
}

/** Creates a file with its full content at once; false when it exists already, which is then left alone. */
export async function createExclusive(
  file: string,
  content: string,
  options: FileOptions = {},
  sync = true,
): Promise<boolean> {
  const temporary = temporaryName(file);
  try {
    await writeNew(temporary, content, options, sync);
    // link(2) fails where the name exists; rename(2) would replace it.
    await link(temporary, file);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  if (sync) await syncDirectory(path.dirname(file));
  return true;
}

/** Writes a new file and syncs it; the caller syncs the directory, once for all its files. */
export async function writeNew(file: string, content: string, options: FileOptions = {}, sync = true): Promise<void> {
  const handle = await open(file, 'wx', options.mode ?? 0o600);
  try {
    // The mode given to open(2) is cut by the umask.
    await handle.chmod(options.mode ?? 0o600);
    if (options.owner) await handle.chown(options.owner.uid, options.owner.gid);
    await handle.writeFile(content);
    if (sync) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Appends to a log; when the result would exceed `bytesMax`, the file first becomes `FILE.1`, replacing that. */
export async function appendRotating(file: string, text: string, bytesMax: number): Promise<void> {
  const size = await stat(file).then(
    (one) => one.size,
    () => 0,
  );
  if (size > 0 && size + Buffer.byteLength(text) > bytesMax) await rename(file, `${file}.1`);
  await appendFile(file, text, { mode: 0o600 });
}

/** Gives a file a second name within its filesystem. */
export async function linkFile(file: string, name: string): Promise<void> {
  await link(file, name);
}

export async function changeOwner(file: string, owner: { uid: number; gid: number }): Promise<void> {
  await chown(file, owner.uid, owner.gid);
}

/** Makes creations, renames and removals in a directory survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

function temporaryName(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
}
