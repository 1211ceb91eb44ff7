import { operations } from '@barback/shared/operations/index.ts';
import { describe, expect, test } from 'vitest';
import type { TimedAttempt } from '../engine/decide.ts';
import { inUse, slot } from '../planner/testing/protection.ts';
import { rebaseline, rebaselineOptionsSchema, type RebaselineFacts } from './rebaseline.ts';
import { rebaselineResult } from './rebaseline-result.ts';
import { recheckProtection } from './recheck-protection.ts';
import { host } from '../planner/testing/facts.ts';
import { protection } from '../planner/testing/protection.ts';

const basis = {
  systemIdentifier: '7000000000000000001',
  timeline: 1,
  streaming: true,
  archiver: false,
  slotName: 'barman',
};
const facts: RebaselineFacts = { server: 'main', basis, slots: { barman: slot(), others: [] }, clusterBytes: 5 };
const stepsOf = (options: object = {}, more: Partial<RebaselineFacts> = {}) =>
  rebaseline.steps(rebaselineOptionsSchema.parse(options), { ...facts, ...more });
const namesOf = (...args: Parameters<typeof stepsOf>): string[] => stepsOf(...args).map((one) => one.name);
const looks = ['look-at-host', 'look-at-protection', 'recheck', 'check'];

describe('the steps of a new baseline', () => {
  test('give the old position up before the slot is dropped, and make the base backup last', () => {
    expect(namesOf()).toEqual([
      ...looks,
      'stop-receive-wal',
      'align-receive-wal',
      'drop-slot',
      'checkpoint',
      'create-slot',
      'start-receive-wal',
      'switch-wal',
      'backup',
    ]);
  });

  test('leave out the drop where there is no slot, the slot where Barman has none, and both where it does not stream', () => {
    expect(namesOf({}, { slots: { barman: null, others: [] } })).not.toContain('drop-slot');
    expect(namesOf({}, { slots: { barman: null, others: [] } })).toContain('create-slot');
    const withoutSlot = namesOf({}, { basis: { ...basis, slotName: null }, slots: { barman: null, others: [] } });
    expect(withoutSlot).toEqual([
      ...looks,
      'stop-receive-wal',
      'align-receive-wal',
      'checkpoint',
      'start-receive-wal',
      'switch-wal',
      'backup',
    ]);
    const archived = { ...basis, streaming: false, archiver: true, slotName: null };
    expect(namesOf({}, { basis: archived, slots: { barman: null, others: [] } })).toEqual([
      ...looks,
      'switch-wal',
      'backup',
    ]);
  });

  test('that keep the slot touch neither it nor the position of receive-wal', () => {
    expect(namesOf({ slot: 'keep' })).toEqual([...looks, 'start-receive-wal', 'switch-wal', 'backup']);
  });

  test('drop another slot only by its name, as it was seen, and never as Barman’s', () => {
    const others = [slot({ name: 'old_standby', restartLsn: '0/1000000' }), slot({ name: 'sub', type: 'logical' })];
    const drops = stepsOf({}, { slots: { barman: slot(inUse), others } }).flatMap(({ action }) =>
      action.on === 'agent' && action.op === 'slot-drop' ? [action.params] : [],
    );
    expect(drops).toEqual([
      { server: 'main', slot: 'barman', type: 'physical', ofBarman: true, unmoved: null },
      {
        server: 'main',
        slot: 'old_standby',
        type: 'physical',
        ofBarman: false,
        unmoved: { restartLsn: '0/1000000' },
      },
      { server: 'main', slot: 'sub', type: 'logical', ofBarman: false, unmoved: { restartLsn: '0/3000000' } },
    ]);
    expect(
      stepsOf({}, { slots: { barman: null, others } }).filter((one) => one.inverse?.name === 'restore-slot'),
    ).toEqual([]);
  });

  test('leave, when they fail, a slot and no half backup', () => {
    const inverses = stepsOf().flatMap(({ name, inverse }) =>
      inverse ? [[name, inverse.when, inverse.action.op]] : [],
    );
    expect(inverses).toEqual([
      ['drop-slot', 'failure', 'slot-create'],
      ['backup', 'failure', 'backup-discard'],
    ]);
  });

  test('have parameters that their contracts accept', () => {
    const slots = { barman: slot(), others: [slot({ name: 'other' })] };
    const actions = stepsOf({ dropSlots: ['other'] }, { slots }).flatMap(({ action }) =>
      action.on === 'agent' ? [action] : [],
    );
    const accepted = actions.filter(({ op, params }) => operations[op].params.safeParse(params).success);
    expect(accepted.map((one) => one.op)).toEqual(actions.map((one) => one.op));
  });
});

test('a new baseline is void when the cluster, its timeline or the way of WAL is another one by now', () => {
  const now = { basis, host: host(), protection: protection() };
  expect(recheckProtection(now)).toBeNull();
  expect(recheckProtection({ ...now, protection: protection([], { slotName: 'barman2' }) })?.detail).toContain(
    "Barman's slot_name was barman and is barman2",
  );
  expect(recheckProtection({ ...now, protection: protection([], { live: null }) })?.type).toContain('plan-void');
  expect(recheckProtection({ ...now, host: host({ live: null }) })?.detail).toContain('system identifier');
  expect(recheckProtection({ ...now, basis: { ...basis, streaming: false } })?.detail).toContain('streaming_archiver');
});

test('the result tells what was dropped, given up and made, as far as the run got', () => {
  const steps = stepsOf();
  const answered: Record<string, object> = {
    'align-receive-wal': {
      segment: '000000010000000000000009',
      received: '000000010000000000000003.partial',
      changed: true,
    },
    'drop-slot': { existed: true, restartLsn: '0/3000000', retainedBytes: 7, walStatus: 'reserved' },
    checkpoint: { walBytesBefore: 9, walBytesAfter: 2 },
  };
  const attempts = steps.flatMap(({ name }, step): TimedAttempt[] => {
    const result = answered[name];
    if (result === undefined) return [];
    const outcome = { is: 'succeeded', result: result as never } as const;
    return [{ opid: name, step, direction: 'forward', number: 1, era: 0, endedAt: 1, intendedAt: 0, outcome }];
  });
  expect(rebaselineResult(steps, attempts)).toEqual({
    dropped: [{ slot: 'barman', existed: true, restartLsn: '0/3000000', retainedBytes: 7, walStatus: 'reserved' }],
    slot: null,
    walBytesBefore: 9,
    walBytesAfter: 2,
    givenUp: { received: '000000010000000000000003.partial', continues: '000000010000000000000009' },
    archivedSegment: null,
    backup: null,
  });
});
