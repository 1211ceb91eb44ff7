import { ProblemError } from '@barback/shared/wire/problem.ts';
import { describe, expect, test } from 'vitest';
import type { WindowView } from '../window/window-schema.ts';
import { chooseTarget } from './choose-target.ts';

type Known = Parameters<typeof chooseTarget>[1];

const commit = (time: string) => ({ time }) as WindowView['intervals'][number]['to']['lastCommit'];

const window: Known = {
  server: 'main',
  intervals: [
    {
      timeline: 1,
      abandoned: false,
      from: { lsn: '0/1000', time: '2026-05-01T00:00:00.000000Z' },
      to: { lsn: '0/9000', lastCommit: commit('2026-05-01T03:00:00.000000Z') },
      ends: 'missing',
      backups: ['b2', 'b1'],
    },
    {
      timeline: 2,
      abandoned: false,
      from: { lsn: '0/A000', time: '2026-05-02T00:00:00.000000Z' },
      to: { lsn: '0/B000', lastCommit: commit('2026-05-02T01:00:00.000000Z') },
      ends: 'end',
      backups: ['b3'],
    },
  ],
  backups: [
    { id: 'b3', timeline: 2, endTime: null, endLsn: '0/A000', reasons: [] },
    { id: 'b2', timeline: 1, endTime: null, endLsn: '0/8000', reasons: [] },
    { id: 'b1', timeline: 1, endTime: null, endLsn: '0/1000', reasons: [] },
    { id: 'gone', timeline: 1, endTime: null, endLsn: '0/10', reasons: ['its WAL is missing'] },
  ],
};

const choose = (type: 'random-instant' | 'random-backup' | 'longest-replay', random = 0, known = window) =>
  chooseTarget({ type }, known, () => random);

describe('the target of a scheduled drill', () => {
  test('is an instant of any interval, on its timeline, each as likely as the next', () => {
    expect(choose('random-instant', 0).target).toEqual({
      type: 'time',
      time: '2026-05-01T00:00:00.000000Z',
      timeline: 1,
    });
    expect(choose('random-instant', 0.5).target).toMatchObject({ time: '2026-05-01T02:00:00.000000Z' });
    expect(choose('random-instant', 0.75).target).toMatchObject({ time: '2026-05-02T00:00:00.000000Z', timeline: 2 });
    expect(choose('random-instant', 0.9999).target).toMatchObject({ timeline: 2 });
  });

  test('is the end of any backup that can be restored', () => {
    expect([0, 0.4, 0.99].map((random) => choose('random-backup', random))).toEqual(
      ['b3', 'b2', 'b1'].map((backup) => ({ backup, target: { type: 'immediate' } })),
    );
  });

  test('is just before the end of the next backup where most WAL lies between two', () => {
    expect(choose('longest-replay')).toEqual({
      backup: 'b1',
      target: { type: 'lsn', lsn: '0/8000', inclusive: false, timeline: 1 },
    });
    const [, newest] = window.intervals;
    const grown = { ...window, intervals: [{ ...newest, to: { lsn: '1/0', lastCommit: null } }] } as Known;
    expect(choose('longest-replay', 0, grown)).toEqual({ backup: 'b3', target: { type: 'latest' } });
  });

  test('is what was written down otherwise', () => {
    expect(chooseTarget({ type: 'latest' }, window, () => 0)).toEqual({ target: { type: 'latest' } });
  });

  test.each(['random-instant', 'random-backup', 'longest-replay'] as const)(
    'cannot be chosen as %s while nothing can be restored',
    (type) => {
      const empty = { ...window, intervals: [] };
      expect(() => choose(type, 0.5, empty)).toThrow(ProblemError);
    },
  );
});
