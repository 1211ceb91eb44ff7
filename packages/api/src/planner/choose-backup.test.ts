import { describe, expect, test } from 'vitest';
import { chooseBackup, type BackupQuestion } from './choose-backup.ts';
import { backup, minute, noon, wal } from './testing/facts.ts';

const first = backup({ id: '20261122T115900' });
const second = backup({ id: '20261122T120900', endTime: noon + 10 * minute, endLsn: '0/4000000' });
const base: BackupQuestion = {
  server: 'main',
  backups: [second, first],
  wal: wal(),
  target: { type: 'latest' },
  timeline: 1,
  backupId: undefined,
};
const at = (minutes: number): BackupQuestion['target'] => ({ type: 'time', micros: noon + minutes * minute });
const choose = (more: Partial<BackupQuestion>): string => chooseBackup({ ...base, ...more }).id;
const refusal = (more: Partial<BackupQuestion>): unknown => {
  try {
    return choose(more);
  } catch (error) {
    return (error as { problem?: unknown }).problem;
  }
};

describe('the backup of a plan', () => {
  test('is the newest one for latest and immediate', () => {
    expect([choose({}), choose({ target: { type: 'immediate' } })]).toEqual([second.id, second.id]);
  });

  test('is the newest one that ends before a target time, to the microsecond', () => {
    expect(choose({ target: at(10) })).toBe(second.id);
    expect(choose({ target: { type: 'time', micros: noon + 10 * minute - 1 } })).toBe(first.id);
    expect(choose({ target: at(0) })).toBe(first.id);
  });

  test('is never one that is unfinished, unsupported or without coordinates', () => {
    for (const flaw of [
      { status: 'WAITING_FOR_WALS' },
      { unsupportedReasons: ['snapshot'] },
      { endTime: null },
      { endLsn: null },
    ]) {
      expect(choose({ backups: [{ ...second, ...flaw }, first] })).toBe(first.id);
    }
  });

  test('lies on the path of the timeline: one made on an abandoned branch is passed over', () => {
    const histories = [{ timeline: 2, ancestors: [{ timeline: 1, switchLsn: '0/3000000', reason: '' }] }];
    // The second backup ended behind the switch: timeline 2 does not contain it.
    expect(choose({ wal: wal({ histories }), timeline: 2 })).toBe(first.id);
    expect(choose({ wal: wal({ histories }), timeline: 1 })).toBe(second.id);
  });

  test('is the one that is named, if the target can be reached from it', () => {
    expect(choose({ backupId: first.id })).toBe(first.id);
    expect(refusal({ backupId: '20200101T000000' })).toMatchObject({ status: 404 });
    expect(refusal({ backupId: second.id, target: at(5) })).toMatchObject({
      status: 422,
      facts: { earliest: '2026-11-22T12:10:00.000000Z' },
    });
    expect(refusal({ backupId: second.id, timeline: 2 })).toMatchObject({ status: 422 });
  });

  test('an unfinished one that is named goes on to the findings, which say everything at once', () => {
    expect(choose({ backups: [{ ...first, status: 'FAILED' }], backupId: first.id })).toBe(first.id);
  });

  test('is refused with the nearest reachable instant when the time lies before the first', () => {
    expect(refusal({ target: at(-1) })).toMatchObject({
      type: 'urn:barback:problem:target-unreachable',
      facts: { earliest: '2026-11-22T12:00:00.000000Z' },
    });
  });

  test('is refused with the reason of each when none is usable', () => {
    expect(refusal({ backups: [] })).toMatchObject({ type: 'urn:barback:problem:backup-not-found' });
    const unsupported = backup({ unsupportedReasons: ['made with snapshots'] });
    expect(refusal({ backups: [unsupported] })).toMatchObject({
      type: 'urn:barback:problem:unsupported-backup',
      detail: expect.stringContaining('made with snapshots') as string,
    });
  });
});
