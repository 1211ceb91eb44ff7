import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { hasCode } from './files.ts';

/** A file that stays the same one whatever happens to its name. */
export interface OpenFile {
  readonly fd: number;
  readonly size: number;
  readonly uid: number;
  readonly inode: string;
  /** Fewer bytes at the end of the file. */
  readonly read: (offset: number, bytes: number) => Promise<Buffer>;
  readonly close: () => Promise<void>;
}

/** Opens a regular file for reading; undefined when there is none, and for a symbolic link, which is not followed. */
export async function openRegular(file: string): Promise<OpenFile | undefined> {
  let handle;
  try {
    // Without waiting: a pipe that nobody writes to would hold the process for ever.
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO')) return undefined;
    throw error;
  }
  const found = await handle.stat({ bigint: true });
  if (!found.isFile()) {
    await handle.close();
    return undefined;
  }
  const opened = handle;
  return {
    fd: opened.fd,
    size: Number(found.size),
    uid: Number(found.uid),
    inode: String(found.ino),
    read: async (offset, bytes) => {
      const { buffer, bytesRead } = await opened.read(Buffer.alloc(bytes), 0, bytes, offset);
      return buffer.subarray(0, bytesRead);
    },
    close: async () => opened.close(),
  };
}
