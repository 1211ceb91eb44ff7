import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findUnheld } from './unheld-wal.ts';
import type { WalPlaces } from './wal-places.ts';

const segmentBytes = 1024 * 1024;

let home: string;
let places: WalPlaces;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'barback-unheld-test-'));
  const inside = (name: string): string => path.join(home, name);
  const wal = {
    wals: inside('wals'),
    incoming: inside('incoming'),
    streaming: inside('streaming'),
    kept: inside('kept-wal'),
  };
  places = { wal, segmentBytes, slotName: null, receiverName: 'barman_receive_wal' };
});
afterEach(async () => rm(home, { recursive: true, force: true }));

const name = (number: number, timeline = 1): string =>
  `0000000${timeline}00000000${number.toString(16).toUpperCase().padStart(8, '0')}`;

/** A file that holds the begin of a segment. */
function segment(number: number): Buffer {
  const content = Buffer.alloc(segmentBytes);
  content.writeUInt16LE(0xd110, 0);
  content.writeUInt16LE(0x0002, 2);
  content.writeBigUInt64LE(BigInt(number * segmentBytes), 8);
  content.writeUInt32LE(segmentBytes, 32);
  content.writeUInt32LE(8192, 36);
  return content;
}

async function put(place: string, content: Buffer | string): Promise<void> {
  const file = path.join(home, place);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

const archived = (segmentName: string): string => `wals/${segmentName.slice(0, 16)}/${segmentName}`;

async function unheld(): Promise<string[]> {
  return (await findUnheld(path.join(home, 'pg_wal'), places)).map((one) => one.name);
}

test('what Barman has archived, been delivered or received as a whole is not copied', async () => {
  for (const number of [4, 5, 6, 7, 8]) await put(`pg_wal/${name(number)}`, segment(number));
  await put(archived(name(4)), 'compressed');
  await put(`incoming/${name(5)}`, segment(5));
  await put(`streaming/${name(6)}`, segment(6));
  await put(`streaming/${name(7)}.partial`, segment(7));
  expect(await unheld()).toEqual([name(7), `${name(8)}.partial`]);
});

test('a delivery that is still under way does not count', async () => {
  await put(archived(name(4)), 'compressed');
  await put(`pg_wal/${name(5)}`, segment(5));
  await put(`incoming/${name(5)}`, segment(5).subarray(0, 100));
  expect(await unheld()).toEqual([`${name(5)}.partial`]);
});

test('the last file of each timeline may not be whole, and one that Barman lacks in between is', async () => {
  await put(archived(name(6)), '');
  await put(archived(name(4)), '');
  for (const number of [5, 6]) await put(`pg_wal/${name(number)}`, segment(number));
  for (const number of [6, 7]) await put(`pg_wal/${name(number, 2)}`, segment(number));
  await put(`pg_wal/${name(7)}.partial`, segment(7));
  await put('pg_wal/00000002.history', '1\t0/600100\tfor the test\n');
  const expected = [name(5), `${name(7)}.partial`, name(6, 2), `${name(7, 2)}.partial`, '00000002.history'];
  expect((await unheld()).toSorted()).toEqual(expected.toSorted());
});

test('files for later use, links, files of other sizes and what only looks like WAL are left alone', async () => {
  await put(`pg_wal/${name(5)}`, segment(5));
  await put(`pg_wal/${name(6)}`, segment(2));
  await put(`pg_wal/${name(7)}`, Buffer.alloc(segmentBytes));
  await put(`pg_wal/${name(8)}`, segment(8).subarray(0, 100));
  await symlink(path.join(home, 'pg_wal', name(5)), path.join(home, 'pg_wal', name(9)));
  await put('pg_wal/archive_status/x', '');
  await put(`pg_wal/${name(5)}.00000028.backup`, '');
  expect(await unheld()).toEqual([`${name(5)}.partial`]);
});

test('WAL that Barman’s retention has deleted is not brought back', async () => {
  await put(archived(name(5)), '');
  for (const number of [4, 5, 6]) await put(`pg_wal/${name(number)}`, segment(number));
  expect(await unheld()).toEqual([`${name(6)}.partial`]);
});

test('a directory that is gone holds nothing', async () => {
  expect(await unheld()).toEqual([]);
});
