import { describe, expect, test } from 'vitest';
import { entriesToCarry, entriesToRemove, includedDirectories, originals } from './data-directory-files.ts';

const file = (name: string, bytes = 100) => ({ name, kind: 'file' as const, bytes });
const directory = (name: string) => ({ name, kind: 'directory' as const, bytes: 0 });
const symlink = (name: string) => ({ name, kind: 'symlink' as const, bytes: 0 });

const own = [
  file('PG_VERSION'),
  file('postgresql.auto.conf'),
  file('postmaster.pid'),
  directory('base'),
  directory('pg_tblspc'),
];

describe('what is carried over from live', () => {
  test('is its configuration, what that includes, its certificates under whatever name, and nothing of PostgreSQL itself', () => {
    const live = [
      ...own,
      symlink('pg_wal'),
      file('postgresql.conf'),
      symlink('pg_hba.conf'),
      file('server.key'),
      file('mycert'),
      directory('conf.d'),
      directory('extra'),
      directory('log'),
      directory('lost+found'),
    ];
    const carried = ['postgresql.conf', 'pg_hba.conf', 'server.key', 'mycert', 'conf.d'];
    expect(entriesToCarry(live, [])).toEqual(carried);
    expect(entriesToCarry(live, ['extra'])).toEqual([...carried, 'extra']);
  });

  test('is no log, no core, nothing of an earlier restore and nothing large', () => {
    const live = [
      file('logfile'),
      file('startup.log'),
      file('core.123'),
      file('current_logfiles'),
      file('postgresql.conf.origin'),
      file('postgresql.auto.conf.backup'),
      file('dump.tar', 17 * 1024 * 1024),
    ];
    expect(entriesToCarry(live, [])).toEqual([]);
  });
});

describe('what is taken out of the copy', () => {
  const leftOvers = [
    'barman_wal',
    '.barman-recover.info',
    'backup_manifest',
    'backup_manifest.20261122T120000',
    'postgresql.auto.conf.origin',
    'postgresql.auto.conf.backup',
    'backup_label.old',
    'tablespace_map.old',
    'postmaster.opts',
    'recovery.signal',
  ];
  const configuration = ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf', 'conf.d'];
  const data = ['PG_VERSION', 'base', 'global', 'postgresql.auto.conf', 'mine.txt'];

  test('is what Barman and the recovery left, and configuration of backup time that live has elsewhere', () => {
    const copy = [...leftOvers, ...configuration, ...data];
    expect(entriesToRemove(copy, own)).toEqual([...leftOvers, ...configuration]);
    expect(entriesToRemove(copy, [...own, file('pg_hba.conf')])).not.toContain('pg_hba.conf');
  });

  test('is no configuration where live is not there to say where it has its own: Barman’s changes to it are undone', () => {
    expect(entriesToRemove([...leftOvers, ...configuration, ...data], null)).toEqual(leftOvers);
    expect(originals(['postgresql.conf', 'postgresql.conf.origin', 'postgresql.auto.conf.origin'])).toEqual([
      { from: 'postgresql.conf.origin', to: 'postgresql.conf' },
    ]);
  });
});

test('directories that the configuration includes are found where they lie at the top of the data directory', () => {
  const text =
    "include_dir = 'extra'\n#include_dir = 'no'\n include_dir ./more/ # why\ninclude_dir '/etc/x'\ninclude_dir '..'";
  expect(includedDirectories(text)).toEqual(['extra', 'more']);
});
