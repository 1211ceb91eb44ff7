import { readFileSync } from 'node:fs';
import type { TimelineHistory } from '@barback/shared/postgres/timeline.ts';
import { describe, expect, test } from 'vitest';
import { amcheckArgv, conninfoValue, psqlArgv, verifyBackupArgv, waldumpArgv } from './argv.ts';
import { parseControlData } from './control-data.ts';
import { largestCapacity, recordedCapacity } from './capacity.ts';
import {
  capacitySettings,
  chooseLibraries,
  configurationText,
  goesLiveSettings,
  identText,
  isolationSettings,
  postgresArgv,
  recoverySettings,
} from './copy-settings.ts';
import { walkWalPath } from './wal-path.ts';

const place = {
  dataDirectory: '/s/pgdata',
  configFile: '/s/configuration/postgresql.conf',
  hbaFile: '/s/configuration/pg_hba.conf',
  identFile: '/s/configuration/pg_ident.conf',
  socketDirectory: '/s/socket',
  port: 5432,
  clusterName: 'barback-x',
};

describe('the settings of a copy', () => {
  test('cut it off from the archive, the network, replicas and background work', () => {
    expect(isolationSettings(place, 15)).toMatchObject({
      archive_mode: 'off',
      archive_library: '',
      listen_addresses: '',
      primary_conninfo: '',
      synchronous_standby_names: '',
      max_logical_replication_workers: '0',
      autovacuum: 'off',
      session_preload_libraries: '',
      'cron.launch_active_jobs': 'off',
    });
    expect(isolationSettings(place, 14)).not.toHaveProperty('archive_library');
    expect(isolationSettings(place, 17)).toHaveProperty('event_triggers', 'off');
  });

  test('of one that goes live are those of live; its WAL waits, and nothing that was restored is queued again', () => {
    const live = { walLevel: 'logical', trackCommitTimestamp: true, walLogHints: false } as const;
    expect(goesLiveSettings({ ...live, archiveMode: 'always', maxReplicationSlots: 0 })).toEqual({
      wal_level: 'logical',
      track_commit_timestamp: 'on',
      wal_log_hints: 'off',
      archive_mode: 'on',
      archive_command: '/bin/false',
      max_replication_slots: '1',
    });
    expect(goesLiveSettings({ ...live, archiveMode: 'off', maxReplicationSlots: 7 })).toMatchObject({
      archive_mode: 'off',
      max_replication_slots: '7',
    });
  });

  test('name exactly one target, or none for "latest"', () => {
    const targets = (settings: object) =>
      Object.keys(settings).filter((name) => /^recovery_target(_lsn|_inclusive)?$/.test(name));
    expect(targets(recoverySettings({ type: 'immediate' }, 1))).toEqual(['recovery_target']);
    expect(targets(recoverySettings({ type: 'latest' }, 1))).toEqual([]);
    expect(recoverySettings({ type: 'lsn', lsn: '1/760000D8', inclusive: false }, 3)).toEqual({
      restore_command: 'cp barman_wal/%f %p',
      recovery_target_timeline: '3',
      recovery_target_lsn: '1/760000D8',
      recovery_target_inclusive: 'off',
      recovery_target_action: 'pause',
    });
  });

  test('take the largest of what was asked and what pg_control and each change of parameters in WAL ask for', () => {
    const text = readFileSync(new URL('../../fixtures/postgresql-15/pg_controldata.txt', import.meta.url), 'utf8');
    const asked = { maxConnections: 10, maxWorkerProcesses: 99, maxWalSenders: 1, maxPreparedTransactions: 5 };
    // The names in xlogdesc.c are not those of the settings.
    const change = { max_connections: '40', max_worker_processes: '8', max_wal_senders: '10', max_prepared_xacts: '0' };
    const changes = [
      { ...change, max_wal_senders: '77', max_locks_per_xact: '64' },
      { ...change, max_locks_per_xact: '128' },
    ].map(recordedCapacity);
    const settings = capacitySettings(
      { ...asked, maxLocksPerTransaction: 64 },
      parseControlData(text),
      largestCapacity(changes),
    );
    expect(settings).toMatchObject({
      max_connections: '50',
      max_worker_processes: '99',
      max_wal_senders: '77',
      max_locks_per_transaction: '128',
      max_prepared_transactions: '5',
    });
  });

  test('cannot be escaped by a value', () => {
    expect(configurationText({ cluster_name: "a'b\\c" })).toContain("cluster_name = 'a''b\\\\c'\n");
    expect(() => configurationText({ cluster_name: "a'\nrestore_command = 'x" })).toThrow('line break');
    expect(postgresArgv('/bin', '/s/pgdata', { port: '5432', ssl: 'off' })).toEqual([
      '/bin/postgres',
      '-D',
      '/s/pgdata',
      '-c',
      'port=5432',
      '-c',
      'ssl=off',
    ]);
    expect(identText(['barman', 'barman'], ['postgres'])).toMatch(/\nbarback "barman" "postgres"\n$/);
  });

  test('load allowed libraries only, and name the others', () => {
    expect(
      chooseLibraries(['pg_cron', '$libdir/auto_explain', 'pg_cron'], ['auto_explain']).map((one) => [
        one.name,
        one.loaded,
      ]),
    ).toEqual([
      ['pg_cron', false],
      ['$libdir/auto_explain', true],
    ]);
  });
});

describe('programs as data', () => {
  const target = {
    binDirectory: '/bin',
    socketDirectory: '/s',
    port: 5432,
    role: 'postgres',
    database: "host=evil 'x'",
  };

  test('psql takes a database name as a value of a connection string', () => {
    expect(psqlArgv(target)).toEqual([
      '/bin/psql',
      '-XAtqw',
      '-v',
      'ON_ERROR_STOP=1',
      '-h',
      '/s',
      '-p',
      '5432',
      '-U',
      'postgres',
      '-d',
      "dbname='host=evil \\'x\\''",
    ]);
    expect(conninfoValue('a\\b')).toBe("'a\\\\b'");
  });

  test('pg_verifybackup ignores only what Barman and the agent add', () => {
    expect(verifyBackupArgv('/bin', '/s/pgdata', 'B')).toEqual([
      '/bin/pg_verifybackup',
      '-n',
      '-m',
      '/s/pgdata/backup_manifest.B',
      '-i',
      '.barman-recover.info',
      '-i',
      'backup_manifest.B',
      '-i',
      'postgresql.auto.conf.origin',
      '-i',
      'postgresql.conf',
      '-i',
      'postgresql.conf.origin',
      '-i',
      'pg_hba.conf.origin',
      '-i',
      'pg_ident.conf.origin',
      '-i',
      'tablespace_map',
      '-i',
      'recovery.signal',
      '-i',
      'barman_wal',
      '/s/pgdata',
    ]);
  });

  test('pg_waldump never reads behind the last file', () => {
    const argv = (next: boolean) =>
      waldumpArgv('/bin', '/w', { timeline: 2, number: 5n }, { segmentBytes: 16_777_216, nextIsThere: next });
    expect(argv(false)).toEqual([
      '/bin/pg_waldump',
      '--rmgr=Transaction',
      '--path=/w',
      '--timeline=2',
      '--start=0/5000000',
      '--end=0/6000000',
    ]);
    expect(argv(true).at(-1)).toBe('--end=0/7000000');
  });

  test('pg_amcheck reads indexes against their heaps only when all is asked', () => {
    expect(amcheckArgv(target, 'tables', 1)).toContain('--no-dependent-indexes');
    expect(amcheckArgv(target, 'all', 1)).toContain('--heapallindexed');
  });
});

describe('the WAL that a recovery needs', () => {
  const bytes = 16_777_216;
  const name = (timeline: number, number: number) =>
    `0000000${timeline}00000000000000${number.toString(16).toUpperCase().padStart(2, '0')}`;
  const walk = (names: readonly string[], history: TimelineHistory, begin: string, until: string | null) =>
    walkWalPath((one) => names.includes(one), history, { begin, until, segmentBytes: bytes });
  const straight: TimelineHistory = { timeline: 1, ancestors: [] };
  const forked: TimelineHistory = { timeline: 2, ancestors: [{ timeline: 1, switchLsn: '0/7000100', reason: '' }] };

  test('runs to the end where nothing follows', () => {
    const names = [5, 6, 7].map((number) => name(1, number));
    expect(walk(names, straight, name(1, 5), null)).toEqual({ segments: names, gap: null, next: name(1, 8) });
  });

  test('ends at what was asked for, whatever follows', () => {
    const names = [5, 6, 7].map((number) => name(1, number));
    expect(walk(names, straight, name(1, 5), name(1, 6)).segments).toEqual(names.slice(0, 2));
  });

  test('names the first segment of a hole', () => {
    const names = [5, 6, 8].map((number) => name(1, number));
    expect(walk(names, straight, name(1, 5), null)).toMatchObject({ segments: names.slice(0, 2), gap: name(1, 7) });
    expect(walk([name(1, 6)], straight, name(1, 5), name(1, 6))).toMatchObject({ segments: [], gap: name(1, 5) });
  });

  test('crosses a fork by the new timeline, and by the old one while the new one has no file', () => {
    const both = [name(1, 6), name(1, 7), name(2, 7), name(2, 8)];
    expect(walk(both, forked, name(1, 6), null).segments).toEqual([name(1, 6), name(2, 7), name(2, 8)]);
    expect(walk([name(1, 6), name(1, 7)], forked, name(1, 6), null).segments).toEqual([name(1, 6), name(1, 7)]);
  });
});
