import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Call } from './handler.ts';
import { placeWal } from './stage-copy-wal.ts';
import { chooseWal } from './stage-wal.ts';

const segmentBytes = 1024 * 1024;
const segment = '000000010000000000000003';
const call = { signal: new AbortController().signal, progress: () => undefined } as unknown as Call;

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'barback-stage-test-'));
  for (const name of ['wals', 'incoming', 'streaming', 'kept', 'copy']) await mkdir(path.join(home, name));
});
afterEach(async () => rm(home, { recursive: true, force: true }));

const request = () => ({
  directories: {
    wals: path.join(home, 'wals'),
    incoming: path.join(home, 'incoming'),
    streaming: path.join(home, 'streaming'),
    kept: path.join(home, 'kept'),
  },
  timeline: 1,
  begin: segment,
  required: segment,
  upTo: 'end',
  segmentBytes,
  user: null,
});

const full = (byte: number): Buffer => Buffer.alloc(segmentBytes, byte);
const partial = (): string => path.join(home, 'streaming', `${segment}.partial`);
const staged = (): string => path.join(home, 'copy', segment);

/** Staged again while, between the look and the copy, pg_receivewal closes the segment and something becomes of it. */
async function placeAgain(becomes: () => Promise<void>): Promise<void> {
  await writeFile(staged(), full(1));
  await writeFile(partial(), full(2));
  const choice = await chooseWal(request());
  await rm(partial());
  await becomes();
  await placeWal({ choice, segments: [segment], directory: path.join(home, 'copy') }, request(), call);
}

test('a segment that lies in the copy from an earlier time never passes for one that vanished before it was copied again', async () => {
  await expect(placeAgain(async () => undefined)).rejects.toMatchObject({
    problem: { type: 'urn:barback:problem:wal-missing', facts: { segment } },
  });
});

test('one that has moved meanwhile is found where it is now', async () => {
  await placeAgain(async () => {
    const archive = path.join(home, 'wals', segment.slice(0, 16));
    await mkdir(archive);
    await writeFile(path.join(archive, segment), full(3));
  });
  expect((await readFile(staged()))[0]).toBe(3);
});
