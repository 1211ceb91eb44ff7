import type { Backup } from '@barback/shared/operations/backup.ts';
import { describe, expect, test } from 'vitest';
import { backup, segmentBytes } from '../planner/testing/facts.ts';
import { pathOf } from './timeline-tree.ts';
import {
  coordinatesOf,
  isConsistent,
  isOnPath,
  objections,
  usableBackups,
  type UsableBackup,
} from './usable-backups.ts';

const state = { systemIdentifier: '7000000000000000001', segmentBytes };
const ids = (...backups: readonly Backup[]) => usableBackups(backups, state).map((one) => one.backup.id);

describe('a backup is usable', () => {
  test('when it is done, of this cluster, and says where it begins and ends', () => {
    expect(ids(backup())).toEqual(['20261122T115900']);
    expect(ids(backup({ systemIdentifier: null }))).toHaveLength(1);
    const unusable: Partial<Backup>[] = [
      { status: 'FAILED' },
      { status: 'STARTED' },
      { status: 'WAITING_FOR_WALS' },
      { systemIdentifier: '8' },
      { unsupportedReasons: ['it is a snapshot'] },
      { endLsn: null },
      { endTime: null },
      { timeline: null },
      { beginWal: null },
      { beginWal: 'x' },
    ];
    for (const more of unusable) expect(ids(backup(more)), JSON.stringify(more)).toEqual([]);
  });

  test('and otherwise says why not, in words', () => {
    expect(objections(backup(), state)).toEqual([]);
    expect(objections(backup({ status: 'FAILED' }), state)).toEqual(['it is FAILED, not DONE']);
    expect(objections(backup({ status: 'FAILED', unsupportedReasons: ['it is a snapshot'] }), state)).toEqual([
      'it is a snapshot',
    ]);
    expect(objections(backup({ systemIdentifier: '8' }), state)).toEqual([
      'it is of the cluster 8; the WAL that Barman holds is of 7000000000000000001',
    ]);
  });

  test('before another when it ended later in WAL, whenever it was begun', () => {
    const [older, newer] = [backup({ id: '20261122T110000' }), backup({ id: '20261122T100000', endLsn: '0/5000138' })];
    expect(ids(older, newer)).toEqual(['20261122T100000', '20261122T110000']);
  });
});

describe('a backup', () => {
  const path = pathOf(
    {
      segmentBytes,
      histories: [{ timeline: 2, ancestors: [{ timeline: 1, switchLsn: '0/4000100', reason: '' }] }],
      held: [],
    },
    2,
  );
  const at = (endLsn: string, timeline = 1): UsableBackup => {
    const found = coordinatesOf(backup({ endLsn, timeline }), segmentBytes);
    if (!found) throw new Error('it is not complete');
    return found;
  };

  test('is on the path of a timeline that left its own behind its end, up to the last byte', () => {
    expect(path && isOnPath(at('0/4000100'), path)).toBe(true);
    expect(path && isOnPath(at('0/4000101'), path)).toBe(false);
    expect(path && isOnPath(at('0/9000000', 2), path)).toBe(true);
    expect(path && isOnPath(at('0/2000000', 3), path)).toBe(false);
  });

  test('is consistent only with all of its own WAL', () => {
    const breaks = (number: number) => ({ is: 'end' as const, number });
    expect(isConsistent(at('0/3000138'), breaks(4), { segmentBytes })).toBe(true);
    expect(isConsistent(at('0/3000138'), breaks(3), { segmentBytes })).toBe(false);
    // It ends with the last byte of the segment before.
    expect(isConsistent(at('0/3000000'), breaks(3), { segmentBytes })).toBe(true);
  });
});
