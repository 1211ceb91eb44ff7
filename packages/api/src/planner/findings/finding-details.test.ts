import { describe, expect, test } from 'vitest';
import { findingsOf } from './index.ts';
import { nothingReplayed } from '../replayed-wal.ts';
import {
  clear,
  broken,
  tight,
  full,
  roomy,
  shared,
  inodes,
  ahead,
  created,
  type LiveProtection,
  protectedBy,
  gib,
  idle,
  archiver,
  sending,
  standby,
  holding,
} from '../testing/finding-facts.ts';
import { barmanProtection, backup, host, protection, slot, walSender } from '../testing/facts.ts';

describe('a finding', () => {
  test('of a hole behind the backup does not matter for its own end', () => {
    expect(findingsOf({ ...clear, reach: broken, target: { type: 'immediate' } })).toEqual([]);
  });

  test('of a hole names its first and its last segment, and why one cannot be read', () => {
    expect(findingsOf({ ...clear, reach: broken })[0]?.detail).toContain(
      '000000010000000000000004 to 000000010000000000000005',
    );
    const hole = {
      timeline: 1,
      number: 4,
      cause: 'truncated',
      detail: 'it is 5 bytes long',
      readableTo: null,
      foundAt: 1,
    } as const;
    const reach = { position: null, breaks: { is: 'unreadable', timeline: 1, number: 4, hole } } as const;
    expect(findingsOf({ ...clear, reach })[0]?.detail).toContain('it is 5 bytes long');
  });

  test('of a tablespace in WAL says where, when, how many, and the last target before it', () => {
    const tablespaces = [created, { ...created, lsn: '0/6000060' }];
    const [found] = findingsOf({ ...clear, replayed: { ...nothingReplayed, tablespaces } });
    for (const told of [created.lsn, created.path, '2026-11-22T12:00:00', '1 more'])
      expect(found?.detail).toContain(told);
    expect(found?.remedy).toContain('{"type":"lsn","lsn":"0/5000060","inclusive":false}');
  });

  test('of space counts the copy, its WAL twice and the floor, to the byte, and files to the inode', () => {
    const found = (more: object) =>
      findingsOf({ ...clear, host: host({ filesystems: full.map((one) => ({ ...one, ...more })) }) });
    expect(found({ freeBytes: tight.freeBytes + 1 })).toEqual([]);
    expect(found({ ...roomy, freeInodes: inodes })).toEqual([]);
    expect(found({ ...roomy, freeInodes: null })).toEqual([]);
    expect(found({ freeInodes: 10 })).toHaveLength(2);
  });

  test('of inodes claims nothing when the files of the backup were not counted', () => {
    const filesystems = [{ role: 'scratch', ...roomy, freeInodes: 10 }];
    expect(findingsOf({ ...clear, scratchFiles: null, host: host({ filesystems }) })).toEqual([]);
  });

  test('of room for Barman counts the copy too where both share a filesystem, and the floor once', () => {
    const found = (device: string, freeBytes: number) =>
      findingsOf({
        ...clear,
        host: host({
          filesystems: shared
            .map((one) => ({ ...one, freeBytes }))
            .with(1, { role: 'barman', ...tight, device, freeBytes }),
        }),
      });
    const floor = 1024 ** 3;
    expect(found('/dev/a', floor + 5_000_000)).toEqual([]);
    expect(found('/dev/a', floor + 4_999_999)).toHaveLength(1);
    expect(found('/dev/b', floor + 3_000_000)).toEqual([]);
    expect(
      findingsOf({
        ...clear,
        host: host({ filesystems: [{ role: 'barman', ...tight, freeBytes: floor + 1_999_999 }] }),
      }),
    ).toHaveLength(1);
  });

  test('of clocks that differ allows for the time that the answer took', () => {
    expect(findingsOf({ ...clear, clock: { offset: 6_500_000, uncertainty: 1_500_000 } })).toEqual([]);
    expect(findingsOf({ ...clear, clock: ahead })[0]?.detail).toContain('7 s ahead of');
  });

  test('of a slot stays away up to its bound, and while somebody reads from it', () => {
    const found = (more: LiveProtection) => findingsOf({ ...clear, host: protectedBy(more) });
    expect(found({ slots: [slot(), { ...idle, retainedBytes: gib }] })).toEqual([]);
    expect(found({ walBytesMax: 4 * gib, slots: [slot(), { ...idle, retainedBytes: 4 * gib }] })).toEqual([]);
    expect(found({ slotBytesMax: 100, slots: [slot(), { ...idle, retainedBytes: 80 }] })).toEqual([]);
    expect(found({ slots: [slot({ retainedBytes: 9 * gib })] })).toEqual([]);
  });

  test('of the archiver is gone once it has archived after its last failure', () => {
    const mended = protectedBy({ archiver: { ...archiver, lastArchivedAt: 3, ready: 32 } });
    expect(findingsOf({ ...clear, host: mended })).toEqual([]);
  });

  test('of standbys leaves out Barman, base backups, subscribers and who only asks', () => {
    for (const other of [
      { applicationName: 'barman_streaming_backup' },
      { applicationName: 'pg_basebackup' },
      { ...standby, state: 'backup', silentSeconds: 600 },
      { ...standby, state: 'startup', silentSeconds: 600 },
      { ...standby, logical: true },
    ]) {
      expect(findingsOf({ ...clear, host: sending(other) })).toEqual([]);
    }
  });

  test('of many names shows ten and counts the rest', () => {
    const names = Array.from({ length: 10 }, (_, index) => `t${index}`);
    const [found] = findingsOf({ ...clear, host: holding({ unloggedTables: { count: 12, names } }) });
    expect(found?.detail).toContain('t9 and 2 more');
    const walSenders = Array.from({ length: 12 }, () => walSender(standby));
    const surroundings = { haManagers: [], walSenders };
    expect(findingsOf({ ...clear, host: host({ surroundings }) })[0]?.detail).toContain('and 2 more');
  });

  test('of cron is not made up where cron removes its own lock', () => {
    const barman = barmanProtection({ cronSeenAt: null, cronLeavesLock: false });
    expect(findingsOf({ ...clear, host: host({ protection: protection({ barman }) }) })).toEqual([]);
  });

  test('of protection is not made up where one side does not answer', () => {
    for (const silent of [protection({ barman: null }), protection({ live: null })]) {
      expect(findingsOf({ ...clear, host: host({ protection: silent }) })).toEqual([]);
    }
  });

  test('that blocks comes before those that do not', () => {
    const found = findingsOf({
      ...clear,
      activeRun: { id: 'r', givesWay: false },
      backup: backup({ status: 'FAILED' }),
      earlierSystemIdentifier: '1',
    });
    expect(found.map((one) => one.severity)).toEqual(['blocking', 'confirm', 'warning']);
  });
});
