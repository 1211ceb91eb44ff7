import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Backup } from '@barback/shared/operations/backup.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { whileCopyingAhead } from './copy-ahead.ts';
import type { Call } from './handler.ts';
import type { ScratchPlace } from './scratch-place.ts';

let home: string;
let lines: string[];
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'barback-copy-ahead-test-'));
  lines = [];
  await mkdir(path.join(home, 'stored/data/base/16384'), { recursive: true });
  await mkdir(path.join(home, 'stored/16390/PG_15_202209061/16384'), { recursive: true });
  for (const directory of ['pgdata', 'ts1']) await mkdir(path.join(home, directory));
  const large = path.join(home, 'stored/data/base/16384/16385');
  await writeFile(large, Buffer.alloc(300_000, 7));
  await utimes(large, 1_700_000_000, 1_700_000_000.25);
  await chmod(large, 0o640);
  await writeFile(path.join(home, 'stored/data/base/16384/16386'), 'small');
  await mkdir(path.join(home, 'stored/data/pg_wal'));
  await writeFile(path.join(home, 'stored/data/pg_wal/1'), Buffer.alloc(300_000));
  await symlink(large, path.join(home, 'stored/data/base/16384/16387'));
  await writeFile(path.join(home, 'stored/16390/PG_15_202209061/16384/16391'), Buffer.alloc(300_000, 8));
});
afterEach(async () => rm(home, { recursive: true, force: true }));

const call = (signal = new AbortController().signal): Call =>
  ({ signal, log: (line: string) => void lines.push(line), progress: () => undefined }) as unknown as Call;

const request = (changed: { sizeBytes?: number; bandwidthKBps?: number } = {}) => ({
  backup: {
    sizeBytes: changed.sizeBytes ?? 900_000,
    tablespaces: [{ name: 'ts1', oid: 16_390, location: '/srv/ts1' }],
  } as unknown as Backup,
  stored: path.join(home, 'stored'),
  place: { pgdata: path.join(home, 'pgdata') } as unknown as ScratchPlace,
  homes: { beside: false, wal: [], tablespaces: [{ name: 'ts1', directory: path.join(home, 'ts1'), bytes: 0 }] },
  bandwidthKBps: changed.bandwidthKBps ?? null,
  user: null,
});

const nothing = (): Promise<void> => Promise.resolve();

const copied = async (): Promise<string[]> => (await readdir(home, { recursive: true })).filter(isCopied).toSorted();
const isCopied = (name: string): boolean => /^(pgdata|ts1)\/.*\/\d+$/.test(name) && !name.endsWith('/16384');

test('files of tables in the data directory and in tablespaces lie at the copy, with their size, time and mode', async () => {
  await whileCopyingAhead(request(), call(), nothing);
  expect(await copied()).toEqual([
    'pgdata/base/16384/16385',
    'pgdata/base/16384/16386',
    'ts1/PG_15_202209061/16384/16391',
  ]);
  const file = path.join(home, 'pgdata/base/16384/16385');
  expect((await readFile(file)).equals(Buffer.alloc(300_000, 7))).toBe(true);
  const found = await stat(file);
  expect({ mode: found.mode & 0o777, modified: found.mtimeMs }).toEqual({ mode: 0o640, modified: 1_700_000_000_250 });
  expect(lines).toEqual([]);
});

test('a small backup is copied while Barman starts, of a larger one the large files before it', async () => {
  const whenThere = (): Promise<void> => vi.waitFor(async () => expect(await copied()).toHaveLength(3), 10_000);
  await whileCopyingAhead(request(), call(), whenThere);
  for (const name of ['pgdata/base', 'ts1/PG_15_202209061']) await rm(path.join(home, name), { recursive: true });
  const found = await whileCopyingAhead(request({ sizeBytes: 600 * 1024 * 1024 }), call(), copied);
  expect(found).toEqual(['pgdata/base/16384/16385', 'ts1/PG_15_202209061/16384/16391']);
});

test('a file that Barman has begun is left to it', async () => {
  const begun = path.join(home, 'pgdata/base/16384/16385');
  await mkdir(path.dirname(begun), { recursive: true });
  await writeFile(begun, 'begun');
  await whileCopyingAhead(request(), call(), nothing);
  expect(await readFile(begun, 'utf8')).toBe('begun');
  expect(await copied()).toContain('ts1/PG_15_202209061/16384/16391');
});

test('when Barman cannot be started, the copy ends before that is told', async () => {
  await expect(whileCopyingAhead(request(), call(), () => Promise.reject(new Error('no Barman')))).rejects.toThrow(
    'no Barman',
  );
});

test('nothing is copied ahead of Barman where the bandwidth is limited, or where memory does not hold backup and copy', async () => {
  await whileCopyingAhead(request({ bandwidthKBps: 500 }), call(), nothing);
  await whileCopyingAhead(request({ sizeBytes: 2 ** 50 }), call(), nothing);
  expect(await copied()).toEqual([]);
});

test('a copy that fails is logged and left to Barman', async () => {
  await rm(path.join(home, 'ts1'), { recursive: true });
  await whileCopyingAhead(request(), call(), nothing);
  expect(await copied()).toEqual(['pgdata/base/16384/16385', 'pgdata/base/16384/16386']);
  expect(lines.join()).toMatch(/Barman copies the rest: xargs ended with exit code 123: .*ts1/);
});

test('a cancel ends it, and is not taken for a failure', async () => {
  const abort = new AbortController();
  abort.abort();
  await expect(whileCopyingAhead(request(), call(abort.signal), nothing)).rejects.toThrow('cancelled');
  expect(lines).toEqual([]);
});
