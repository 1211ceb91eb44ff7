import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Call, Host } from './handler.ts';
import { moveIn } from './recover-wal.ts';
import type { ScratchPlace } from './scratch-place.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'barback-recover-wal-test-'));
  for (const name of ['wal', 'pgdata']) await mkdir(path.join(home, name));
  await writeFile(path.join(home, 'wal/000000010000000000000003'), '');
});
afterEach(async () => rm(home, { recursive: true, force: true }));

const move = (): Promise<void> =>
  moveIn({
    host: { server: { barman: {}, scratch: {} } } as unknown as Host,
    place: { pgdata: path.join(home, 'pgdata'), walAhead: path.join(home, 'wal') } as unknown as ScratchPlace,
    call: { signal: new AbortController().signal } as unknown as Call,
  });

test('WAL that was staged ahead moves in, whether or not Barman has made a directory there', async () => {
  await move();
  expect(await readdir(path.join(home, 'pgdata/barman_wal'))).toEqual(['000000010000000000000003']);
  await mkdir(path.join(home, 'wal'));
  await mkdir(path.join(home, 'pgdata/barman_wal/archive_status'), { recursive: true });
  await writeFile(path.join(home, 'wal/000000010000000000000004'), '');
  await move();
  expect(await readdir(path.join(home, 'pgdata/barman_wal'))).toEqual(['000000010000000000000004']);
  expect(await readdir(home)).toEqual(['pgdata']);
});
