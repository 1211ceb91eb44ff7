import { mkdtemp, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { segmentName } from '@barback/shared/postgres/segment.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { placeFiles, type PlacedFiles } from './place-files.ts';

const segmentBytes = 1024 * 1024;
const system = 7_711_291_178_023_169_058n;
const name = (timeline: number, number: number) => segmentName({ timeline, number: BigInt(number) }, segmentBytes);

/** A whole segment, with the first page header that PostgreSQL writes. */
function segment(number: number, { bytes = segmentBytes, timeline = 1 } = {}): Buffer {
  const content = Buffer.alloc(bytes, 0x55);
  content.writeUInt16LE(0xd110, 0);
  content.writeUInt16LE(0x0002, 2);
  content.writeUInt32LE(timeline, 4);
  content.writeBigUInt64LE(BigInt(number * segmentBytes), 8);
  content.writeBigUInt64LE(system, 24);
  content.writeUInt32LE(segmentBytes, 32);
  return content;
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-wal-test-'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function put(number: number, content: Buffer, { timeline = 1, mayEnd = false } = {}) {
  const file = path.join(directory, `${name(timeline, number)}${mayEnd ? '.partial' : ''}`);
  await writeFile(file, content);
  return { segment: name(timeline, number), file, mayEnd };
}

const holds = async (file: string, content: Buffer) => (await readFile(file)).equals(content);

type Files = Awaited<ReturnType<typeof put>>[];

async function place<T>(files: Files, look: (placed: PlacedFiles) => Promise<T> | T): Promise<T> {
  return placeFiles({ timeline: 3, segmentBytes }, files, async (placed) => look(placed));
}

const outcome = (placed: PlacedFiles) => ({
  placed: placed.files.map((one) => one.segment),
  stop: placed.stop?.is === 'fault' ? placed.stop.fault.cause : (placed.stop?.is ?? null),
});

describe('files of a way along timelines', () => {
  test('become readable under the names of one timeline, and are gone behind the work', async () => {
    const files = [await put(4, segment(4)), await put(5, segment(5, { timeline: 3 }), { timeline: 3 })];
    const seen = await place(files, async (placed) => {
      expect(placed.stop).toBeNull();
      expect(await holds(path.join(placed.directory, name(3, 4)), segment(4))).toBe(true);
      expect(await holds(path.join(placed.directory, name(3, 5)), segment(5, { timeline: 3 }))).toBe(true);
      return placed;
    });
    expect(seen.files.map((one) => [one.number, one.segment, one.systemIdentifier])).toEqual([
      [4n, name(1, 4), String(system)],
      [5n, name(3, 5), String(system)],
    ]);
    await expect(stat(seen.directory)).rejects.toThrow('ENOENT');
    expect(await holds(files[0]?.file ?? '', segment(4))).toBe(true);
  });

  test('are gone too when the work fails', async () => {
    const files = [await put(4, segment(4))];
    let workplace = '';
    const failing = place(files, ({ directory: one }) => {
      workplace = one;
      throw new Error('for the test');
    });
    await expect(failing).rejects.toThrow('for the test');
    await expect(stat(workplace)).rejects.toThrow('ENOENT');
  });

  test('that are compressed are read as what they hold, and identified as what they are', async () => {
    const packed = gzipSync(segment(4));
    const file = await put(4, packed);
    const modifiedAt = 1_795_348_800;
    await utimes(file.file, modifiedAt, modifiedAt);
    await place([file], async (placed) => {
      expect(await holds(path.join(placed.directory, name(3, 4)), segment(4))).toBe(true);
      expect(placed.files[0]?.file).toMatchObject({ bytes: packed.length, modifiedAt: modifiedAt * 1_000_000 });
    });
  });

  test('are taken up to the first that cannot be used', async () => {
    const files = [await put(4, segment(4)), await put(5, segment(5, { bytes: 5000 })), await put(6, segment(6))];
    expect(await place(files, outcome)).toEqual({ placed: [name(1, 4)], stop: 'truncated' });
  });

  test('that vanish are listed again instead of being called damaged', async () => {
    const file = await put(4, segment(4));
    await rename(file.file, `${file.file}.moved`);
    expect(await place([file], outcome)).toEqual({ placed: [], stop: 'moved' });
  });
});

describe('a file is a fault, and not the end of WAL,', () => {
  test('when it is shorter than a segment in every form', async () => {
    for (const content of [segment(4).subarray(0, 100), Buffer.alloc(0), gzipSync(segment(4).subarray(0, 9000))])
      expect((await place([await put(4, content)], outcome)).stop).toBe('truncated');
  });

  test('when it cannot be decompressed', async () => {
    const packed = gzipSync(segment(4));
    expect((await place([await put(4, packed.subarray(0, packed.length - 20))], outcome)).stop).toBe(
      'undecompressable',
    );
  });

  test('when it holds another segment than its name says', async () => {
    expect((await place([await put(4, segment(5))], outcome)).stop).toBe('damaged');
  });

  test('when it is complete and begins with zeros or with anything but WAL', async () => {
    for (const content of [Buffer.alloc(segmentBytes), Buffer.alloc(segmentBytes, 0x11)])
      expect((await place([await put(4, content)], outcome)).stop).toBe('damaged');
  });

  test('but an unfinished one may hold zeros or what it was used for before', async () => {
    for (const content of [Buffer.alloc(segmentBytes), segment(2), Buffer.alloc(segmentBytes, 0x11)])
      expect((await place([await put(4, content, { mayEnd: true })], outcome)).stop).toBe('empty');
  });
});
