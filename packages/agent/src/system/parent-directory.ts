import { constants } from 'node:fs';
import { chmod, open, readlink, rename, rm, type FileHandle } from 'node:fs/promises';
import { identityOf, kindOf, type FileIdentity } from './directory-tree.ts';
import { hasCode } from './files.ts';

/** Without waiting: a pipe that somebody planted would hold the process for ever. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** open(2) on Linux, missing in node:fs: a handle that names the file and needs no right to read it. */
const pathFlags = 0o10000000 | constants.O_NOFOLLOW;

/** A directory that is held open: names are looked up in exactly it, whatever its path leads to by now (openat(2)). */
export class ParentDirectory {
  readonly path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Fails when the path is a symbolic link or no directory. */
  static async open(path: string): Promise<ParentDirectory> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    return new ParentDirectory(path, await open(path, flags));
  }

  /** A path that leads to an entry of this directory as long as it is open. */
  entry(name: string): string {
    return `/proc/self/fd/${this.#handle.fd}/${name}`;
  }

  /** Where the directory lies now, as the kernel says it. */
  async placeNow(): Promise<string> {
    return readlink(`/proc/self/fd/${this.#handle.fd}`);
  }

  async identity(): Promise<{ uid: number; mode: number }> {
    const { uid, mode } = await this.#handle.stat();
    return { uid, mode };
  }

  async identityOf(name: string): Promise<FileIdentity | undefined> {
    return identityOf(this.entry(name));
  }

  async kindOf(name: string): ReturnType<typeof kindOf> {
    return kindOf(this.entry(name));
  }

  /** The bytes of a regular file with its owner and mode; undefined when there is none, and for a symbolic link. */
  async readFile(name: string): Promise<{ bytes: Buffer; uid: number; gid: number; mode: number } | undefined> {
    const handle = await openOrNothing(this.entry(name), readFlags);
    if (!handle) return undefined;
    try {
      const found = await handle.stat();
      if (!found.isFile()) return undefined;
      return { bytes: await handle.readFile(), uid: found.uid, gid: found.gid, mode: found.mode & 0o7777 };
    } finally {
      await handle.close();
    }
  }

  /**
   * Replaces a file so that a reader, or a power cut, sees the old content or the new one. The temporary name is always the same:
   * what a killed process left there is gone with the next.
   */
  async replaceFile(name: string, bytes: Buffer, owner: { uid: number; gid: number; mode: number }): Promise<void> {
    const temporary = this.entry(`.${name}.barback`);
    await rm(temporary, { force: true });
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.chown(owner.uid, owner.gid);
      await handle.chmod(owner.mode);
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, this.entry(name));
    await this.#handle.sync();
  }

  /** Sets the mode of a regular file that has this one name, durably; whatever else lies there is left alone, and answers false. */
  async changeMode(name: string, mode: number): Promise<boolean> {
    const handle = await openOrNothing(this.entry(name), pathFlags);
    if (!handle) return false;
    try {
      const found = await handle.stat();
      if (!found.isFile() || found.nlink !== 1) return false;
      // fchmod(2) refuses a handle without rights; through /proc it is the same file, whatever has its name by now.
      if ((found.mode & 0o7777) !== mode) await chmodDurably(`/proc/self/fd/${handle.fd}`, mode);
      return true;
    } finally {
      await handle.close();
    }
  }

  /** Makes it durable as well. */
  async rename(from: string, to: string): Promise<void> {
    await rename(this.entry(from), this.entry(to));
    await this.#handle.sync();
  }

  /** A file or a symbolic link, which is not followed; durably. An absent one is no error. */
  async remove(name: string): Promise<void> {
    await rm(this.entry(name), { force: true });
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** fsync(2) wants a handle that may read, which its owner gets only while the mode lets it: before the change or after. */
async function chmodDurably(file: string, mode: number): Promise<void> {
  const readable = () => open(file, constants.O_RDONLY).catch(() => undefined);
  const before = await readable();
  try {
    await chmod(file, mode);
  } finally {
    const handle = before ?? (await readable());
    await handle?.sync();
    await handle?.close();
  }
}

async function openOrNothing(file: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(file, flags);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO')) return undefined;
    throw error;
  }
}
