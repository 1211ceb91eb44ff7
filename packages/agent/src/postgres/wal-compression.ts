export type Compression = 'gzip' | 'bzip2' | 'xz' | 'zstd' | 'lz4';

/** Barman keeps compressed WAL under its plain name: the first bytes tell (RFC 1952, bzip2, xz, RFC 8878, lz4 frame). */
const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
];

export function compressionOf(firstBytes: Uint8Array): Compression | undefined {
  return magics.find(([, magic]) => magic.every((byte, index) => firstBytes[index] === byte))?.[0];
}

/** Decompresses files in place: each has its format's suffix and loses it. */
export function decompressArgv(compression: Compression, files: readonly string[]): string[] {
  switch (compression) {
    case 'gzip':
    case 'bzip2':
    case 'xz':
      return [`/usr/bin/${compression}`, '-d', '-f', '--', ...files];
    case 'zstd':
      return ['/usr/bin/zstd', '-d', '-f', '-q', '--rm', '--', ...files];
    case 'lz4':
      return ['/usr/bin/lz4', '-d', '-f', '-q', '-m', '--rm', ...files];
  }
}

/** Decompresses one file to standard output. */
export function decompressToOutputArgv(compression: Compression, file: string): string[] {
  return [`/usr/bin/${compression}`, '-dc', ...(compression === 'lz4' ? [] : ['--']), file];
}
