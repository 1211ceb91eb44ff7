import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureDirectory, makeDirectory, removeTree, treeBytes } from './directory-tree.ts';
import { mountPointsOf } from './filesystem.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-tree-'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

describe('removing a tree', () => {
  test('leaves what its symbolic links point to', async () => {
    const outside = path.join(directory, 'live');
    const tree = path.join(directory, 'scratch');
    await mkdir(outside);
    await writeFile(path.join(outside, 'precious'), 'rows');
    await mkdir(path.join(tree, 'a', 'b'), { recursive: true });
    await writeFile(path.join(tree, 'a', 'b', 'file'), 'x');
    await symlink(outside, path.join(tree, 'a', 'link'));
    await symlink(path.join(outside, 'precious'), path.join(tree, 'file-link'));
    await removeTree(tree);
    expect(await readdir(directory)).toEqual(['live']);
    expect(await readFile(path.join(outside, 'precious'), 'utf8')).toBe('rows');
  });

  test('refuses a path that is a symbolic link', async () => {
    await mkdir(path.join(directory, 'live'));
    await symlink('live', path.join(directory, 'scratch'));
    await expect(removeTree(path.join(directory, 'scratch'))).rejects.toThrow('it is not a directory');
    expect(await readdir(directory)).toEqual(['live', 'scratch']);
  });

  test('finishes what an interrupted removal left', async () => {
    await mkdir(path.join(directory, '.trash-scratch', 'a'), { recursive: true });
    await removeTree(path.join(directory, 'scratch'));
    expect(await readdir(directory)).toEqual([]);
  });

  test('refuses where a filesystem is mounted below, before anything is touched', async () => {
    await expect(removeTree('/dev')).rejects.toThrow('a filesystem is mounted at /dev');
  });
});

test('a directory has exactly the mode that was asked for, whatever the umask', async () => {
  const before = process.umask(0o077);
  await makeDirectory(path.join(directory, 'new'), { mode: 0o755 });
  process.umask(before);
  expect((await stat(path.join(directory, 'new'))).mode & 0o777).toBe(0o755);
  await expect(makeDirectory(path.join(directory, 'new'))).rejects.toThrow('EEXIST');
  await ensureDirectory(path.join(directory, 'new'));
});

test('the size of a tree counts files, not what links point to', async () => {
  await mkdir(path.join(directory, 'a'));
  await writeFile(path.join(directory, 'a', 'one'), 'x'.repeat(1000));
  await writeFile(path.join(directory, 'two'), 'x'.repeat(10));
  await symlink('a/one', path.join(directory, 'link'));
  expect(await treeBytes(directory)).toBe(1010);
});

test('mount points are read with their blanks', () => {
  const text =
    '36 35 98:0 /mnt1 /mnt\\040two rw,noatime master:1 - ext3 /dev/root rw\n1 1 0:1 / / rw - ext4 /dev/x rw\n';
  expect([...mountPointsOf(text)]).toEqual(['/mnt two', '/']);
});
