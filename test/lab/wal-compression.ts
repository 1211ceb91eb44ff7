import type { WalCompression } from './protection.ts';
import { type BarmanRelease, isAtLeast } from './barman-release.ts';

/** Names that Barman has always known. */
const OLD_NAMES: readonly WalCompression[] = ['gzip', 'bzip2'];

/** Debian packages with the Python modules that Barman's own zstd and lz4 import (3.13.3, compression.py). */
const MODULES: Partial<Record<WalCompression, string>> = { zstd: 'python3-zstandard', lz4: 'python3-lz4' };

interface Filter {
  readonly compress: string;
  readonly decompress: string;
  readonly magic: string;
}

/** Filters and first bytes for a Barman that does not know the name; the bytes are those of each format's specification. */
const FILTERS: Partial<Record<WalCompression, Filter>> = {
  xz: { compress: 'xz -c', decompress: 'xz -dc', magic: '0xfd377a585a00' },
  zstd: { compress: 'zstd -q -c', decompress: 'zstd -q -dc', magic: '0x28b52ffd' },
  lz4: { compress: 'lz4 -q -c', decompress: 'lz4 -q -dc', magic: '0x04224d18' },
};

/** Barman names xz, zstd and lz4 itself since 3.12.0 (its release notes); 3.4.0 knows only gzip, bzip2 and their variants. */
function knowsName(compression: WalCompression, barman: BarmanRelease): boolean {
  return OLD_NAMES.includes(compression) || isAtLeast(barman, 3, 12);
}

/** The lines of barman.conf that compress WAL; an error where this Barman can neither by name nor by filter. */
export function compressionLines(compression: WalCompression, barman: BarmanRelease): string[] {
  if (compression === 'none') return [];
  if (knowsName(compression, barman)) return [`compression = ${compression}`];
  const filter = FILTERS[compression];
  // Since 3.0.0 (its release notes) Barman tells plain files by custom_compression_magic; before, all would count as compressed.
  if (filter === undefined || !isAtLeast(barman, 3, 0)) {
    throw new Error(`cannot compress WAL with ${compression}: Barman ${barman.text} does not know it`);
  }
  return [
    'compression = custom',
    `custom_compression_filter = ${filter.compress}`,
    `custom_decompression_filter = ${filter.decompress}`,
    `custom_compression_magic = ${filter.magic}`,
  ];
}

/** The Debian package whose Python module Barman needs for this compression, or undefined. */
export function compressionModule(compression: WalCompression, barman: BarmanRelease): string | undefined {
  return knowsName(compression, barman) ? MODULES[compression] : undefined;
}
