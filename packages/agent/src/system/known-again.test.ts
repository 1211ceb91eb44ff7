import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identityOf } from './directory-tree.ts';
import { isKnownAgain, mountedDevices } from './known-again.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-known-test-'));
});
afterAll(() => rm(directory, { recursive: true }));

const mounted = (): Set<string> => mountedDevices(readFileSync('/proc/self/mountinfo', 'utf8'));
const unused = (): string => {
  const numbers = mounted();
  return String([...Array(1_000).keys()].map((one) => one + 70_000).find((one) => !numbers.has(String(one))));
};

test('device numbers of mounts are those of stat, also large ones', async () => {
  expect([
    ...mountedDevices('21 1 259:1 / / rw - ext4 x rw\n22 1 0:300 / /a rw - btrfs x rw\n23 1 7:0 / /b rw - x x rw\n'),
  ]).toEqual(['66305', String(44 + 0x100_000), '1792']);
  expect(mounted().has(String((await stat('/proc', { bigint: true })).dev))).toBe(true);
});

test('a directory is known again by device and inode', async () => {
  const found = await identityOf(directory);
  expect(await isKnownAgain(found, found)).toBe(true);
  expect(await isKnownAgain({ device: found?.device ?? '', inode: '1' }, found)).toBe(false);
  for (const remembered of [null, undefined, { device: null, inode: null }]) {
    expect(await isKnownAgain(remembered, found)).toBe(false);
  }
  expect(await isKnownAgain(found, undefined)).toBe(false);
});

test('the number of its filesystem may be another one since the last boot, unless another filesystem has the former one', async () => {
  const found = await identityOf(directory);
  const inode = found?.inode ?? '';
  expect(await isKnownAgain({ device: unused(), inode }, found)).toBe(true);
  const other = [...mounted()].find((one) => one !== found?.device) ?? '';
  expect(await isKnownAgain({ device: other, inode }, found)).toBe(false);
});
