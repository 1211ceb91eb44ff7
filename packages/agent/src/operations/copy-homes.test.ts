import type { Backup } from '@barback/shared/operations/backup.ts';
import { expect, test } from 'vitest';
import type { Diagnosis } from '../barman/diagnose.ts';
import { copyHomes } from './copy-homes.ts';
import type { Host } from './handler.ts';
import type { ScratchPlace } from './scratch-place.ts';

// Only these fields are read.
const host = { server: { postgres: { dataDirectory: '/nowhere/data' } } } as Host;
const place = { plan: '01arz3ndektsv4rrffq69g5fav', tablespaces: '/scratch/tablespaces' } as ScratchPlace;
const diagnosis = { config: { basebackups_directory: '/nowhere/base' } } as Diagnosis;

function homes(location: string, tablespaceHome?: 'beside' | 'scratch') {
  const backup = { tablespaces: [{ name: 'ts1', oid: 16_400, location }] } as unknown as Backup;
  const params = { backupId: '20261122T120000', ...(tablespaceHome ? { tablespaceHome } : {}) };
  return copyHomes(host, place, { backup, diagnosis, params });
}

test('tablespaces go into the scratch directory unless they are to stay', async () => {
  expect((await homes('/srv/ts1')).tablespaces).toEqual([
    { name: 'ts1', directory: '/scratch/tablespaces/ts1', bytes: 0 },
  ]);
  expect((await homes('/srv/ts1', 'beside')).tablespaces).toEqual([
    { name: 'ts1', directory: `/srv/ts1.restore-${place.plan}`, bytes: 0 },
  ]);
});

test('a tablespace that is a filesystem of its own is refused: what lies beside it would fill another one', async () => {
  await expect(homes('/dev/shm', 'beside')).rejects.toThrow('/dev/shm is a filesystem of its own');
});

test('a tablespace inside the data directory is refused', async () => {
  await expect(homes('pg_tblspc/16400', 'beside')).rejects.toThrow('cannot make a directory beside the tablespace');
});
