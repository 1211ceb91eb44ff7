import { expect, test } from 'vitest';
import { compareLedger, type Commit } from './ledger.ts';

const commit = (note: string, timeline: number, after: string, upTo: string | null): Commit => ({
  note,
  xid: '1',
  timeline,
  acknowledgedAt: upTo === null ? null : 1,
  after,
  upTo,
});

/** Timeline 1 was left for 3 at 0/5000; 2 is a branch that was given up. */
const history = { timeline: 3, ancestors: [{ timeline: 1, switchLsn: '0/5000', reason: '' }] };
const commits = [
  commit('kept', 1, '0/4000', '0/4100'),
  commit('at the end', 1, '0/4F00', '0/5000'),
  commit('across', 1, '0/4F80', '0/5080'),
  commit('never told', 1, '0/4F90', null),
  commit('behind', 1, '0/5000', '0/5100'),
  commit('beside', 2, '0/4000', '0/4100'),
  commit('new', 3, '0/6000', '0/6100'),
  commit('new, never told', 3, '0/6000', null),
];

test('a database with exactly what lies on its way is right, whichever way the undecided ones went', () => {
  for (const undecided of [[], ['across', 'never told', 'new, never told']]) {
    expect(compareLedger(commits, new Set(['kept', 'at the end', 'new', ...undecided]), history)).toEqual({
      missing: [],
      present: [],
      unknown: [],
      kept: 3,
      undone: 2,
      undecided: 3,
    });
  }
});

test('each row too few, too many or from nowhere is found', () => {
  const verdict = compareLedger(commits, new Set(['at the end', 'behind', 'beside', 'stranger']), history);
  expect(verdict.missing.map(({ note }) => note)).toEqual(['kept', 'new']);
  expect(verdict.present.map(({ note }) => note)).toEqual(['behind', 'beside']);
  expect(verdict.unknown).toEqual(['stranger']);
});
