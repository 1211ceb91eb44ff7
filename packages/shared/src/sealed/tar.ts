import { pack } from 'tar-stream';

/** A file as it goes into an archive. */
export interface TarEntry {
  /** Relative, with slashes. */
  readonly name: string;
  readonly content: Uint8Array;
  /** Permission bits; 0600 when left out. */
  readonly mode?: number;
}

/** A tar archive (POSIX ustar with pax headers) of the files, in their order. */
export async function tarOf(entries: readonly TarEntry[]): Promise<Uint8Array> {
  const archive = pack();
  for (const { name, content, mode = 0o600 } of entries) {
    archive.entry({ name, mode }, Buffer.from(content));
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
