import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendRotating, createExclusive, readFrom, readIfExists, readTail, writeAtomic } from './files.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-files-'));
  file = path.join(directory, 'f');
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

test('a reader sees the old content or the new one while a file is replaced again and again', async () => {
  const contents = new Set(['a'.repeat(100_000), 'b'.repeat(50_000)]);
  await writeAtomic(file, 'a'.repeat(100_000));
  let writing = true;
  const writer = (async () => {
    for (let round = 0; round < 30; round += 1) for (const content of contents) await writeAtomic(file, content);
    writing = false;
  })();
  let reads = 0;
  while (writing) {
    expect(contents.has(await readFile(file, 'utf8'))).toBe(true);
    reads += 1;
  }
  await writer;
  expect(reads).toBeGreaterThan(10);
  expect(await readdir(directory)).toEqual(['f']);
});

test('a replaced file is private, and nothing is left of a write that failed', async () => {
  await writeAtomic(file, 'x');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await expect(writeAtomic(path.join(directory, 'f', 'child'), 'y')).rejects.toThrow('ENOTDIR');
  expect(await readdir(directory)).toEqual(['f']);
});

test('of many who create one file exactly one succeeds, and its content stays', async () => {
  const won = await Promise.all(Array.from({ length: 20 }, (_, index) => createExclusive(file, String(index))));
  expect(won.filter(Boolean)).toHaveLength(1);
  expect(await readFile(file, 'utf8')).toBe(String(won.indexOf(true)));
  expect(await readdir(directory)).toEqual(['f']);
});

test('a log is rotated before it exceeds its bound, so at most twice the bound is kept', async () => {
  for (let line = 0; line < 100; line += 1) await appendRotating(file, `line ${line}\n`, 100);
  expect((await stat(file)).size).toBeLessThanOrEqual(100);
  expect((await stat(`${file}.1`)).size).toBeLessThanOrEqual(100);
  expect(await readFile(file, 'utf8')).toContain('line 99\n');
});

test('reading a part gives at most that part and where it ended', async () => {
  await writeFile(file, '0123456789');
  expect(await readFrom(file, 4, 3)).toEqual({ text: '456', nextOffset: 7, size: 10 });
  expect(await readTail(file, 4)).toBe('6789');
  expect(await readIfExists(`${file}-absent`)).toBeUndefined();
});
