import { expect, test } from 'vitest';
import {
  archiveWalArguments,
  backupArguments,
  checkBackupArguments,
  cronArguments,
  deleteArguments,
  keepArguments,
  keepReleaseArguments,
  keepStatusArguments,
  receiveWalStopArguments,
  recoverArguments,
} from './argv.ts';

const options = {
  server: 'main',
  backupId: '20261123T090805',
  timeline: 3,
  jobs: 2,
  bandwidthKBps: null,
  tablespaces: [],
  destination: '/pg/data.restore-x/pgdata',
} as const;

test('recover always names the timeline and get-wal, and relocates every tablespace', () => {
  const tablespaces = [
    { name: 'ts1', directory: '/pg/data.restore-x/tablespaces/ts1' },
    { name: 'ts2', directory: '/pg/data.restore-x/tablespaces/ts2' },
  ];
  expect(recoverArguments({ ...options, bandwidthKBps: 500, tablespaces })).toEqual([
    '-f',
    'json',
    'recover',
    '--get-wal',
    '--target-tli',
    '3',
    '--jobs',
    '2',
    '--bwlimit',
    '500',
    '--tablespace',
    'ts1:/pg/data.restore-x/tablespaces/ts1',
    '--tablespace',
    'ts2:/pg/data.restore-x/tablespaces/ts2',
    'main',
    '20261123T090805',
    '/pg/data.restore-x/pgdata',
  ]);
});

test('recover has no bandwidth limit and no tablespace unless asked', () => {
  expect(recoverArguments(options)).toEqual([
    '-f',
    'json',
    'recover',
    '--get-wal',
    '--target-tli',
    '3',
    '--jobs',
    '2',
    'main',
    '20261123T090805',
    '/pg/data.restore-x/pgdata',
  ]);
});

test('keep is asked, set and released by its own options', () => {
  expect(keepStatusArguments('main', 'B')).toEqual(['-f', 'json', 'keep', '--status', 'main', 'B']);
  expect(keepArguments('main', 'B', 'full')).toEqual(['-f', 'json', 'keep', '--target', 'full', 'main', 'B']);
  expect(keepReleaseArguments('main', 'B')).toEqual(['-f', 'json', 'keep', '--release', 'main', 'B']);
});

test('a base backup is asked for with an immediate checkpoint, a name, and without waiting', () => {
  expect(backupArguments('main', 'barback-x')).toEqual([
    '-f',
    'json',
    'backup',
    '--immediate-checkpoint',
    '--name',
    'barback-x',
    'main',
  ]);
  expect(checkBackupArguments('main', '20261123T090805')).toEqual([
    '-f',
    'json',
    'check-backup',
    'main',
    '20261123T090805',
  ]);
  expect(deleteArguments('main', '20261123T090805')).toEqual(['-f', 'json', 'delete', 'main', '20261123T090805']);
});

test('receive-wal is stopped by name and never reset, which would delete its last file', () => {
  expect(receiveWalStopArguments('main')).toEqual(['-f', 'json', 'receive-wal', '--stop', 'main']);
  expect(archiveWalArguments('main')).toEqual(['-f', 'json', 'archive-wal', 'main']);
  expect(cronArguments).toEqual(['-q', 'cron']);
});
