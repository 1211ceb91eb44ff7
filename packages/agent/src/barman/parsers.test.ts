import { readFileSync } from 'node:fs';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { describe, expect, test } from 'vitest';
import { toBackup, unsupportedReasons } from './catalogue.ts';
import { parseCheck } from './check.ts';
import { parseDiagnose } from './diagnose.ts';
import { parseKeepStatus } from './keep.ts';
import { parseListBackup } from './list-backup.ts';
import { parseBarmanOutput } from './output.ts';
import { judgeRecover, relevantWarnings } from './recover.ts';
import { barmanSupport, parseBarmanVersion } from './versions.ts';

const version = '3.4.0';
const textOf = (release: string, name: string) =>
  readFileSync(new URL(`../../fixtures/barman-${release}/${name}`, import.meta.url), 'utf8');
const text = (name: string) => textOf(version, name);
const output = (name: string) => parseBarmanOutput(text(name), version);

function problemOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe.each(['3.4.0', '3.13.3'])('the output of Barman %s', (release) => {
  const printed = (name: string) => parseBarmanOutput(textOf(release, name), release);
  const diagnosed = () => parseDiagnose(textOf(release, 'diagnose.json'), 'main', release);

  test('lists finished, failed, running and waiting backups', () => {
    const statuses = (name: string) => parseListBackup(printed(name), 'main', release).map((one) => one.status);
    expect(statuses('list-backup.json')).toEqual(['DONE', 'FAILED', 'DONE']);
    expect(statuses('list-backup-started.json')).toEqual(['STARTED', 'DONE']);
    expect(statuses('list-backup-waiting.json')[0]).toBe('WAITING_FOR_WALS');
    expect(statuses('list-backup-tablespace.json')).toEqual(['DONE']);
  });

  test('gives each backup its exact instants, positions and size', () => {
    const diagnosis = diagnosed();
    const listed = parseListBackup(printed('list-backup.json'), 'main', release);
    const done = listed.filter((one) => one.status === 'DONE' && diagnosis.backups[one.id]);
    expect(done.length).toBeGreaterThan(0);
    for (const one of done) {
      const backup = toBackup(one, diagnosis, 'present');
      expect(backup).toMatchObject({
        timeline: 1,
        postgresVersionNum: 150018,
        unsupportedReasons: [],
        manifest: 'present',
      });
      expect(backup.endTime).toBeGreaterThanOrEqual(backup.beginTime ?? Infinity);
      expect(backup.beginWal).toMatch(/^[0-9A-F]{24}$/);
      expect(backup.sizeBytes).toBeGreaterThan(20_000_000);
    }
    expect(diagnosis.config.streaming_wals_directory).toBe('/lab/barman/home/main/streaming');
  });

  test('has a check that fails as one entry with its hint, whatever the exit code was', () => {
    const failed = parseCheck(printed('check-receive-wal-stopped.json'), 'main', release).filter((one) => !one.ok);
    expect(failed.map((one) => one.name)).toContain('receive_wal_running');
    const names = parseCheck(printed('check-failed-backup.json'), 'main', release).filter((one) => !one.ok);
    expect(names.map((one) => one.name)).toEqual(['failed_backups']);
    expect(parseCheck(printed('check-ok.json'), 'main', release).every((one) => one.ok)).toBe(true);
  });

  test('says whether a backup is kept, and that it does not know one', () => {
    expect(parseKeepStatus(printed('keep-status-none.json'), 'main', release)).toBe('none');
    expect(parseKeepStatus(printed('keep-status-full.json'), 'main', release)).toBe('full');
    for (const name of ['keep-full.json', 'keep-release.json']) expect(printed(name).errors).toEqual([]);
    expect(printed('keep-status-unknown.json').errors[0]).toMatch(/^Unknown backup/);
  });

  test.each([
    'recover-ok.json',
    'recover-ok-immediate.json',
    'recover-ok-latest.json',
    'recover-ok-tablespace.json',
    'recover-ok-unreachable-target.json',
  ])('%s succeeded', (name) => {
    const verdict = judgeRecover(0, printed(name), release);
    expect(verdict.ok && verdict.seconds).toBeGreaterThan(0);
    expect(verdict.ok && relevantWarnings(verdict.warnings)).toEqual([]);
  });

  test.each([
    ['recover-error-before-backup-end.json', 'is before the backup end time'],
    ['recover-error-unknown-backup.json', 'Unknown backup'],
    ['recover-error-permission.json', 'mkdir execution failed'],
    ['recover-error-failed-backup.json', 'backup status is not DONE'],
    ['recover-error-action-without-target.json', 'when PITR is not required'],
    ['recover-error-bad-time.json', 'Unable to parse the target time'],
  ])('%s failed, even if its exit code were 0', (name, reason) => {
    const verdict = judgeRecover(0, printed(name), release);
    expect(verdict.ok ? '' : verdict.reason).toContain(reason);
  });
});

describe('the catalogue of Barman', () => {
  test('says of a new kind of backup what it is', () => {
    const row = {
      backup_id: '20260131T101500',
      backup_type: 'incremental',
      end_time: 'x',
      end_time_timestamp: '1',
      retention_status: '-',
      size: '1 B',
      size_bytes: 1,
      status: 'DONE',
      wal_size: '1 B',
      wal_size_bytes: 1,
    };
    const parsed = parseListBackup(parseBarmanOutput(JSON.stringify({ main: [row] }), '3.13.3'), 'main', '3.13.3');
    expect(parsed).toEqual([{ id: '20260131T101500', status: 'DONE', retention: '-', type: 'incremental' }]);
  });

  test('drops connection strings, which may hold passwords', () => {
    const diagnosis = parseDiagnose(text('diagnose.json'), 'main', version);
    expect(text('diagnose.json')).toContain('conninfo');
    expect(JSON.stringify(diagnosis)).not.toContain('conninfo');
  });

  test('says why a backup cannot be restored', () => {
    const diagnosis = parseDiagnose(text('diagnose.json'), 'main', version);
    const known = Object.values(diagnosis.backups).find((one) => one.status === 'DONE');
    const listed = { id: known?.backup_id ?? '', status: 'DONE', retention: '-', type: null };
    const reasons = (changes: object) => unsupportedReasons(listed, known && { ...known, ...changes }, diagnosis);
    expect(reasons({})).toEqual([]);
    expect(reasons({ compression: 'gzip' })).toEqual(['it is compressed (gzip)']);
    expect(reasons({ encryption: 'gpg' })).toEqual(['it is encrypted (gpg)']);
    expect(reasons({ snapshots_info: {} })).toEqual(['it consists of disk snapshots']);
    expect(reasons({ parent_backup_id: 'P' })).toEqual(['it is incremental (parent P)']);
    expect(reasons({ mode: 'snapshot' })).toEqual([
      'its mode is snapshot: only postgres and rsync backups are supported',
    ]);
    expect(unsupportedReasons({ ...listed, status: 'FAILED' }, known, diagnosis)).toEqual(['its status is FAILED']);
    expect(unsupportedReasons(listed, undefined, diagnosis)).toEqual(['barman diagnose does not describe it']);
    const passive = { ...diagnosis, config: { ...diagnosis.config, primary_ssh_command: 'ssh primary' } };
    expect(unsupportedReasons(listed, known, passive)[0]).toContain('passive node');
  });
});

describe('recover', () => {
  test('exit code 0 without a result is a failure: an inactive server prints nothing else before 3.17', () => {
    const nothing = parseBarmanOutput('{"_INFO": ["skipped"]}', version);
    expect(judgeRecover(0, nothing, version)).toEqual({ ok: false, reason: 'exit code 0 without a result: skipped' });
  });

  test('a result with another exit code is a failure', () => {
    expect(judgeRecover(1, output('recover-ok.json'), version).ok).toBe(false);
    expect(judgeRecover(null, output('recover-ok.json'), version).ok).toBe(false);
  });

  test('warnings about configuration that the agent replaces are left out, others stay', () => {
    expect(relevantWarnings([...output('recover-ok.json').warnings, 'the backup waits for WAL'])).toEqual([
      'the backup waits for WAL',
    ]);
  });
});

describe('an output that is not known', () => {
  test.each(['', 'please run barman as', '[]', '"text"', '{"_ERROR": "text"}'])(
    '%j is refused with its version',
    (given) => {
      const problem = problemOf(() => parseBarmanOutput(given, '9.9.9'));
      expect(problem).toMatchObject({
        type: 'urn:barback:problem:barman-output-unknown',
        facts: { barmanVersion: '9.9.9', output: given },
      });
    },
  );

  test('shows at most 200 characters, and of diagnose none of its values', () => {
    const long = problemOf(() => parseBarmanOutput(`{"x": ${'1'.repeat(500)}`, version));
    expect(long.facts?.['output']).toHaveLength(200);
    const secret = problemOf(() =>
      parseDiagnose('{"servers": {"main": {"config": {"conninfo": "password=x"}}}}', 'main', version),
    );
    expect(JSON.stringify(secret)).not.toContain('password=x');
  });

  test('a shape that lacks a field is refused, never guessed', () => {
    const row = JSON.stringify({ main: [{ backup_id: 'x', status: 'DONE' }] });
    expect(problemOf(() => parseListBackup(parseBarmanOutput(row, version), 'main', version)).type).toContain(
      'output-unknown',
    );
  });
});

test('3.4 and 3.13 are supported, every other line is refused with the reason', () => {
  const found = parseBarmanVersion(text('version.txt'));
  expect(found).toEqual({ text: '3.4.0', major: 3, minor: 4 });
  expect(found && barmanSupport(found).reasons).toEqual([]);
  const recent = parseBarmanVersion(textOf('3.13.3', 'version.txt'));
  expect(recent).toEqual({ text: '3.13.3', major: 3, minor: 13 });
  expect(recent && barmanSupport(recent)).toEqual({ supported: 'tested with 3.13.3 (Debian 13)', reasons: [] });
  for (const minor of [3, 5, 12, 14, 17]) {
    const { supported, reasons } = barmanSupport({ text: `3.${minor}.0`, major: 3, minor });
    expect(supported).toBeNull();
    expect(reasons[0]).toContain(`Barman 3.${minor}.0 is not one of`);
  }
  expect(parseBarmanVersion('pgbackrest 2.45')).toBeUndefined();
});
