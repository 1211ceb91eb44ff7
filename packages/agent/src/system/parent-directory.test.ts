import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ParentDirectory } from './parent-directory.ts';

let directory: string;
let parent: ParentDirectory;
const outside = () => path.join(directory, 'outside');
const inside = (name: string) => path.join(directory, 'inside', name);
const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, mode: 0o640 };

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-parent-'));
  await mkdir(path.join(directory, 'inside'));
  await writeFile(outside(), 'precious', { mode: 0o644 });
  parent = await ParentDirectory.open(path.join(directory, 'inside'));
});
afterEach(async () => {
  await parent.close();
  await rm(directory, { recursive: true, force: true });
});

describe('a file of a directory that is held open', () => {
  test('is replaced with the owner and mode that are asked for, also where a killed process left something', async () => {
    await writeFile(inside('rules'), 'old');
    await symlink(outside(), inside('.rules.barback'));
    await parent.replaceFile('rules', Buffer.from([0xff, 0x0a]), owner);
    expect(await readFile(inside('rules'))).toEqual(Buffer.from([0xff, 0x0a]));
    expect((await stat(inside('rules'))).mode & 0o7777).toBe(0o640);
    expect(await readFile(outside(), 'utf8')).toBe('precious');
    expect(await readdir(path.join(directory, 'inside'))).toEqual(['rules']);
  });

  test('stays the same whatever its directory is called by now', async () => {
    await rename(path.join(directory, 'inside'), path.join(directory, 'moved'));
    await mkdir(path.join(directory, 'inside'));
    await parent.replaceFile('rules', Buffer.from('new'), owner);
    expect(await readFile(path.join(directory, 'moved', 'rules'), 'utf8')).toBe('new');
    expect(await readdir(path.join(directory, 'inside'))).toEqual([]);
    expect(await parent.placeNow()).toBe(path.join(directory, 'moved'));
  });

  test('is neither read nor given a mode through a link, a second name, a pipe or nothing', async () => {
    await symlink(outside(), inside('link'));
    await link(outside(), inside('second'));
    const pipe = spawn('/usr/bin/mkfifo', [inside('pipe')]);
    await once(pipe, 'exit');
    for (const name of ['link', 'pipe', 'nothing']) expect(await parent.readFile(name), name).toBeUndefined();
    for (const name of ['link', 'second', 'pipe', 'nothing'])
      expect(await parent.changeMode(name, 0), name).toBe(false);
    expect((await stat(outside())).mode & 0o7777).toBe(0o644);
  });

  test('gets a mode that its owner cannot read it with, and another one back', async () => {
    await writeFile(inside('PG_VERSION'), '15\n');
    await chmod(inside('PG_VERSION'), 0o600);
    for (const mode of [0o000, 0o000, 0o640]) {
      expect(await parent.changeMode('PG_VERSION', mode)).toBe(true);
      expect((await stat(inside('PG_VERSION'))).mode & 0o7777).toBe(mode);
    }
  });

  test('is the old one or the new one, never a part, whenever the process that writes it is killed', async () => {
    const old = 'old\n'.repeat(5_000);
    const other = 'new, and longer\n'.repeat(5_000);
    await writeFile(inside('rules'), old);
    const module = fileURLToPath(new URL('parent-directory.ts', import.meta.url));
    const program = `
      const { ParentDirectory } = await import(${JSON.stringify(module)});
      const parent = await ParentDirectory.open(${JSON.stringify(path.join(directory, 'inside'))});
      console.log('writing');
      for (;;) for (const text of ${JSON.stringify([other, old])}) await parent.replaceFile('rules', Buffer.from(text), ${JSON.stringify(owner)});`;
    const seen = new Set<string>();
    for (let round = 0; round < 8; round += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      // A different part of a write each time.
      await delay(5 + 7 * round);
      child.kill('SIGKILL');
      await once(child, 'exit');
      seen.add(await readFile(inside('rules'), 'utf8'));
    }
    for (const text of seen) expect([old, other]).toContain(text);
    await parent.replaceFile('rules', Buffer.from('last'), owner);
    expect(await readdir(path.join(directory, 'inside'))).toEqual(['rules']);
  }, 60_000);
});
