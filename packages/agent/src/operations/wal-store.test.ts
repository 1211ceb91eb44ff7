import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listWal, type WalDirectories } from './wal-store.ts';

const segmentBytes = 1024 * 1024;
const pageBytes = 8192;

let home: string;
let directories: WalDirectories;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'barback-wal-store-test-'));
  const inside = (name: string): string => path.join(home, name);
  directories = {
    wals: inside('wals'),
    incoming: inside('incoming'),
    streaming: inside('streaming'),
    kept: inside('kept-wal'),
  };
});
afterEach(async () => rm(home, { recursive: true, force: true }));

const plan = newId(1);
const name = (number: number, timeline = 1): string =>
  `0000000${timeline}00000000${number.toString(16).toUpperCase().padStart(8, '0')}`;

/** A file of a segment with so many pages written. */
function segment(number: number, pages: number): Buffer {
  const content = Buffer.alloc(segmentBytes);
  for (let page = 0; page < pages; page += 1) {
    const offset = page * pageBytes;
    content.writeUInt16LE(0xd110, offset);
    content.writeUInt16LE(page === 0 ? 0x0002 : 0, offset + 2);
    content.writeBigUInt64LE(BigInt(number * segmentBytes + offset), offset + 8);
    if (page > 0) continue;
    content.writeUInt32LE(segmentBytes, 32);
    content.writeUInt32LE(pageBytes, 36);
  }
  return content;
}

async function put(place: string, content: Buffer | string): Promise<string> {
  const file = path.join(home, place);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

async function found(): Promise<Record<string, string>> {
  const { segments } = await listWal(directories, segmentBytes);
  return Object.fromEntries(
    [...segments.values()].map(({ name: of, place, file }) => [of, `${place} ${file.slice(home.length + 1)}`]),
  );
}

test('what a restore of live set aside is WAL of Barman, wherever no better file of it is', async () => {
  await put(`wals/${name(0).slice(0, 16)}/${name(4)}`, 'archived');
  await put(`kept-wal/${plan}/${name(4)}`, segment(4, 128));
  await put(`kept-wal/${plan}/${name(5)}`, segment(5, 128));
  await put(`streaming/${name(5)}.partial`, segment(5, 128));
  await put(`kept-wal/${plan}/streaming/${name(6)}`, segment(6, 128));
  await put(`kept-wal/${plan}/${name(7)}.partial`, segment(7, 2));
  await put(`kept-wal/${plan}/given-up/00000002.history`, '1\t0/7000000\tfor the test\n');
  expect(await found()).toEqual({
    [name(4)]: `archived wals/${name(0).slice(0, 16)}/${name(4)}`,
    [name(5)]: `kept kept-wal/${plan}/${name(5)}`,
    [name(6)]: `kept kept-wal/${plan}/streaming/${name(6)}`,
    [name(7)]: `partial kept-wal/${plan}/${name(7)}.partial`,
  });
  expect([...(await listWal(directories, segmentBytes)).histories.keys()]).toEqual([2]);
});

test('of several files that are not whole, the one that reaches furthest is read', async () => {
  const received = `streaming/${name(7)}.partial`;
  const [copied, aside] = [`kept-wal/${plan}/${name(7)}.partial`, `kept-wal/${plan}/streaming/${name(7)}.partial`];
  await put(received, segment(7, 3));
  await put(copied, segment(7, 5));
  await put(aside, segment(7, 4));
  expect(await found()).toEqual({ [name(7)]: `partial ${copied}` });
  await put(received, segment(7, 6));
  expect(await found()).toEqual({ [name(7)]: `partial ${received}` });
});

test('what Barman deleted the way to does not come back as a piece behind a hole', async () => {
  await put(`wals/${name(0).slice(0, 16)}/${name(9)}`, 'archived');
  await put(`kept-wal/${plan}/${name(5)}`, segment(5, 128));
  await put(`kept-wal/${plan}/${name(6)}.partial`, segment(6, 1));
  expect(Object.keys(await found())).toEqual([name(9)]);
});

test('files of other sizes and other directories are not taken for WAL, and nobody is bothered with them', async () => {
  await put(`kept-wal/${plan}/streaming/${name(5)}.partial`, '');
  await put(`kept-wal/${plan}/copying/${name(6)}`, segment(6, 128));
  await put(`kept-wal/${plan}/streaming/${name(7)}.~1~`, segment(7, 128));
  await put(`kept-wal/notes/${name(8)}`, segment(8, 128));
  const store = await listWal(directories, segmentBytes);
  expect([[...store.segments.keys()], store.odd]).toEqual([[], []]);
});
