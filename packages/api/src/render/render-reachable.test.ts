import { targetSchema } from '@barback/shared/postgres/target.ts';
import { describe, expect, test } from 'vitest';
import type { ReachableView } from '../targets/reachable-view.ts';
import { renderReachable } from './render-reachable.ts';
import { describeTarget, stopFields } from './render-stop.ts';

const now = 1_795_348_800_000_000;
const at = (time: string) => `2026-11-22T${time}.000000Z`;

const stop: ReachableView['answers'][number]['stop'] = {
  timeline: 2,
  abandoned: false,
  lsn: '0/B000200',
  inclusive: false,
  lastKept: { xid: 740, lsn: '0/B000148', time: at('11:29:59') },
  firstUndone: { xid: 741, lsn: '0/B000200', time: at('11:30:01') },
  stampedEarlier: [],
};

const answer: ReachableView['answers'][number] = {
  target: { type: 'time', time: at('11:30:00') },
  backup: { id: '20261122T110000', endTime: at('11:01:00') },
  timeline: 2,
  stop,
  lost: { transactions: 12, seconds: 1800 },
};

const yes: ReachableView = {
  server: 'main',
  observedAt: at('11:59:58'),
  problem: null,
  target: { type: 'time', time: at('11:30:00') },
  reachable: 'yes',
  answers: [answer],
  reason: null,
  next: null,
  before: null,
  after: null,
  links: {},
};

describe('an answer as text', () => {
  test('of yes shows the exact stop, and a drill of it to paste', () => {
    expect(renderReachable(yes, now)).toMatchSnapshot();
  });

  test('of several branches shows each, with the target that means it', () => {
    const given = {
      ...answer,
      target: { type: 'time' as const, time: at('11:30:00'), timeline: 1 },
      timeline: 1,
      stop: {
        ...stop,
        timeline: 1,
        abandoned: true,
        stampedEarlier: [{ xid: 739, lsn: '0/B000300', time: at('11:29:00') }],
      },
      lost: { transactions: 0, seconds: 0 },
    };
    const ambiguous: ReachableView = { ...yes, reachable: 'ambiguous', answers: [answer, given] };
    expect(renderReachable(ambiguous, now)).toMatchSnapshot();
  });

  test('of no shows why, and what can be had instead', () => {
    const no: ReachableView = {
      ...yes,
      reachable: 'no',
      answers: [],
      reason: { code: 'broken', detail: 'WAL between the backup and the target is broken' },
      next: 'Put the file back',
      before: {
        time: at('11:00:00'),
        lsn: '0/A000028',
        target: { type: 'xid', xid: 730, inclusive: true, timeline: 2 },
        backup: null,
      },
      after: { time: null, lsn: '0/C000028', target: { type: 'immediate' }, backup: '20261122T113000' },
    };
    expect(renderReachable(no, now)).toMatchSnapshot();
  });
});

describe('a stop as text', () => {
  test('says on which side of its record it is', () => {
    const placed = (inclusive: boolean) => stopFields({ ...stop, inclusive }, now)[0]?.[1];
    expect(placed(true)).toBe('behind the record at 0/B000200 of timeline 2');
    expect(placed(false)).toBe('just before the record at 0/B000200 of timeline 2');
  });

  test('claims no transactions that are not known', () => {
    const nothing = stopFields({ ...stop, lastKept: null, firstUndone: null }, now);
    expect(nothing.slice(1).map(([, text]) => text)).toEqual([null, null, null]);
  });

  test('describes every kind of target in words', () => {
    const targets = [
      { type: 'immediate' },
      { type: 'latest' },
      { type: 'time', time: '2026-11-22T13:30:00+02:00' },
      { type: 'lsn', lsn: '0/28' },
      { type: 'lsn', lsn: '0/28', inclusive: false },
      { type: 'xid', xid: 700 },
      { type: 'xid', xid: 700, inclusive: false },
      { type: 'before-transaction', xid: 700 },
      { type: 'name', name: 'before drop' },
    ];
    expect(targets.map((one) => describeTarget(targetSchema.parse(one)))).toMatchSnapshot();
  });
});
