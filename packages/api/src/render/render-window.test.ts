import { problem } from '@barback/shared/wire/problem.ts';
import { describe, expect, test } from 'vitest';
import type { WindowView } from '../window/window-schema.ts';
import { renderWindow } from './render-window.ts';

const now = 1_795_348_800_000_000;
const at = (time: string) => `2026-11-22T${time}.000000Z`;
const commit = { xid: 740, lsn: '0/B000148', time: at('11:59:30') };

const view: WindowView = {
  server: 'main',
  observedAt: at('11:59:58'),
  problem: null,
  systemIdentifier: '7',
  live: { answers: true, timeline: 2, lsn: '0/B000900' },
  earliest: { time: at('10:00:00'), lsn: '0/2000138', backup: '20261122T095900' },
  latest: commit,
  intervals: [
    {
      timeline: 2,
      abandoned: false,
      from: { lsn: '0/2000138', time: at('10:00:00') },
      to: { lsn: '0/B000200', lastCommit: commit },
      ends: 'end',
      backups: ['20261122T110000', '20261122T095900'],
    },
  ],
  holes: [],
  timelines: [],
  restorePoints: [],
  backups: [{ id: '20261122T110000', timeline: 2, endTime: at('11:00:00'), endLsn: null, reasons: [] }],
  rpo: { newestCommit: commit, ageSeconds: 30, notHeldBytes: 1792, notHeldCommits: 3, slots: [] },
  index: { segments: 10, unread: 0, namesLsn: '0/5000000' },
  links: {},
};

/** A server with a past: a branch that was given up, a hole, a backup that failed. */
const troubled: WindowView = {
  ...view,
  live: { answers: false, timeline: 2, lsn: null },
  problem: problem('agent-unreachable', 'cannot reach the agent', { next: 'Start it' }),
  intervals: [
    ...view.intervals.map((one) => ({ ...one, ends: 'missing' as const })),
    {
      timeline: 1,
      abandoned: true,
      from: { lsn: '0/5000028', time: null },
      to: { lsn: '0/6000028', lastCommit: null },
      ends: 'unreadable',
      backups: ['20261122T095900'],
    },
  ],
  holes: [
    {
      timeline: 2,
      first: '000000020000000000000008',
      last: '000000020000000000000009',
      cause: 'missing',
      detail: 'Barman does not hold them',
    },
  ],
  timelines: [
    { timeline: 1, parent: null, switchLsn: null, reason: null, onLivePath: true },
    { timeline: 2, parent: 1, switchLsn: '0/5000028', reason: 'no recovery target specified', onLivePath: true },
  ],
  restorePoints: [
    { name: 'before\u001b[31m_drop', timeline: 2, lsn: '0/9000028', target: { type: 'name', name: 'before_drop' } },
  ],
  backups: [{ id: '20261122T113000', timeline: 2, endTime: null, endLsn: null, reasons: ['it is FAILED, not DONE'] }],
  rpo: { newestCommit: commit, ageSeconds: 30, notHeldBytes: null, notHeldCommits: null, slots: null },
  index: { segments: 10, unread: 3, namesLsn: null },
};

describe('the window as text', () => {
  test('says what can be restored, and what live alone has', () => {
    expect(renderWindow(view, now)).toMatchSnapshot();
  });

  test('says of a server with a past where its holes and branches are', () => {
    expect(renderWindow(troubled, now)).toMatchSnapshot();
  });

  test('says of a server that was never looked at that nothing is known', () => {
    const unknown: WindowView = {
      ...view,
      observedAt: null,
      live: { answers: false, timeline: null, lsn: null },
      earliest: null,
      latest: null,
      intervals: [],
      backups: [],
      rpo: { newestCommit: null, ageSeconds: null, notHeldBytes: null, notHeldCommits: null, slots: null },
      index: { segments: 0, unread: 0, namesLsn: null },
    };
    expect(renderWindow(unknown, now)).toMatchSnapshot();
  });

  test('lets no name of a restore point command the terminal', () => {
    expect(renderWindow(troubled, now)).not.toContain('\u001b');
  });
});
