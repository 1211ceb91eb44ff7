import { describe, expect, test } from 'vitest';
import { compressionLines, compressionModule } from './wal-compression.ts';

const old = { text: '3.4.0', major: 3, minor: 4 };
const recent = { text: '3.13.3', major: 3, minor: 13 };

describe('WAL compression of a lab', () => {
  test('is by name where Barman knows the name', () => {
    expect(compressionLines('none', old)).toEqual([]);
    for (const name of ['gzip', 'bzip2'] as const)
      expect(compressionLines(name, old)).toEqual([`compression = ${name}`]);
    for (const name of ['gzip', 'bzip2', 'xz', 'zstd', 'lz4'] as const) {
      expect(compressionLines(name, recent)).toEqual([`compression = ${name}`]);
    }
  });

  test('is by filters and first bytes where it does not', () => {
    expect(compressionLines('xz', old)).toEqual([
      'compression = custom',
      'custom_compression_filter = xz -c',
      'custom_decompression_filter = xz -dc',
      'custom_compression_magic = 0xfd377a585a00',
    ]);
    expect(compressionLines('zstd', old)).toContain('custom_compression_magic = 0x28b52ffd');
    expect(compressionLines('lz4', old)).toContain('custom_compression_magic = 0x04224d18');
  });

  test('of a Barman that can do neither is refused with the version', () => {
    const ancient = { text: '2.19', major: 2, minor: 19 };
    expect(() => compressionLines('zstd', ancient)).toThrow('cannot compress WAL with zstd: Barman 2.19');
  });

  test('needs a Python module only for a name that Barman implements with one', () => {
    expect(compressionModule('zstd', recent)).toBe('python3-zstandard');
    expect(compressionModule('lz4', recent)).toBe('python3-lz4');
    for (const name of ['none', 'gzip', 'xz'] as const) expect(compressionModule(name, recent)).toBeUndefined();
    expect(compressionModule('zstd', old)).toBeUndefined();
  });
});
