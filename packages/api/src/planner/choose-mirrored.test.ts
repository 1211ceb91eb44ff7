import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { expect, test } from 'vitest';
import { chooseMirrored } from './choose-mirrored.ts';

type Catalogue = Result<'mirror-catalogue'>;

const megabyte = 1024 * 1024;

function backup(id: string, timeline: number, end: string, more: Partial<Backup> = {}): Backup {
  return {
    id,
    status: 'DONE',
    beginTime: 1,
    endTime: 2,
    timeline,
    beginLsn: '0/2000028',
    endLsn: end,
    beginWal: `${String(timeline).padStart(8, '0')}0000000000000002`,
    endWal: `${String(timeline).padStart(8, '0')}0000000000000002`,
    sizeBytes: 1000,
    postgresVersionNum: 150_000,
    tablespaces: [],
    retention: '-',
    manifest: 'present',
    systemIdentifier: '7',
    unsupportedReasons: [],
    ...more,
  };
}

function catalogue(backups: readonly Backup[], more: Partial<Catalogue> = {}): Catalogue {
  return {
    source: 'u1@box:barman-mirror/main',
    mirroredAt: '2026-11-29T12:00:00Z',
    newestCommit: null,
    liveTimeline: 2,
    barmanVersion: '3.4.0',
    backups: [...backups],
    // Timeline 2 left timeline 1 at 0/5000000.
    histories: [{ timeline: 2, ancestors: [{ timeline: 1, switchLsn: '0/5000000', reason: 'restored' }] }],
    segmentBytes: 16 * megabyte,
    files: 3,
    bytes: 3000,
    needed: backups.map(({ id }) => ({ backupId: id, bytes: 1500 })),
    ...more,
  };
}

const [old, given, live] = [
  backup('20261101T000000', 1, '0/2000100'),
  // Of the branch that was given up: newer than the switch.
  backup('20261102T000000', 1, '0/6000100'),
  backup('20261103T000000', 2, '0/7000100'),
] as const;

function chosen(of: Catalogue, asked?: string): readonly [string, number] {
  const { backup: found, timeline } = chooseMirrored(of, asked);
  return [found.id, timeline];
}

function refusal(of: Catalogue, asked?: string): string {
  try {
    chooseMirrored(of, asked);
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.detail;
    throw error;
  }
  throw new Error('it was not refused');
}

test('"latest" is the newest backup of the branch that was live, never one of a branch that was given up', () => {
  expect(chosen(catalogue([old, given, live]))).toEqual([live.id, 2]);
  expect(chosen(catalogue([old, given]))).toEqual([old.id, 2]);
  expect(refusal(catalogue([given]))).toContain('no backup that leads to timeline 2');
});

test('a backup that is asked for is taken if it leads there, and no other one is taken instead', () => {
  expect(chosen(catalogue([old, given, live]), old.id)).toEqual([old.id, 2]);
  expect(refusal(catalogue([old, given, live]), given.id)).toContain(given.id);
  expect(refusal(catalogue([old, live]), '20990101T000000')).toContain('20990101T000000');
});

test('what is not whole on the box, or cannot be restored, is passed over', () => {
  expect(chosen(catalogue([old, live], { needed: [{ backupId: old.id, bytes: 1 }] }))).toEqual([old.id, 2]);
  const failed = { ...live, status: 'FAILED' };
  const odd = { ...live, unsupportedReasons: ['it is encrypted'] };
  expect(chosen(catalogue([old, failed]))).toEqual([old.id, 2]);
  expect(chosen(catalogue([old, odd]))).toEqual([old.id, 2]);
});

test('a mirror that does not say which branch was live is restored only where there is one', () => {
  expect(refusal(catalogue([old, live], { liveTimeline: null }))).toContain('timelines 1, 2');
  expect(chosen(catalogue([old], { liveTimeline: null, histories: [] }))).toEqual([old.id, 1]);
  expect(refusal(catalogue([live], { histories: [] }))).toContain('its history is missing');
});
