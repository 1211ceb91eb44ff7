import type { SlotFacts } from '@barback/shared/operations/protection-facts.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import { rebaselineOptionsSchema } from '../../scenarios/rebaseline.ts';
import type { ProtectionFindingFacts } from '../findings/protection-rule.ts';
import { host, slot as usedSlot } from './facts.ts';

const stranger = { pid: 2, applicationName: 'standby', userName: 'streaming_barman', address: null };

/** Barman's slot, abandoned: nobody uses it, and live keeps WAL for it. */
export function slot(more: Partial<SlotFacts> = {}): SlotFacts {
  const abandonedSlot = { active: false, restartLsn: '0/3000000', retainedBytes: 100 * 1024 ** 2, usedBy: null };
  return usedSlot({ ...abandonedSlot, ...more });
}

export const inUse = { active: true, usedBy: usedSlot().usedBy };

/** Barman streams through a slot that it has abandoned. */
export function protection(
  slots: readonly SlotFacts[] = [slot()],
  more: Partial<Result<'protection-facts'>> = {},
): Result<'protection-facts'> {
  return {
    streaming: true,
    archiver: false,
    slotName: 'barman',
    receiverName: 'barman_receive_wal',
    live: { timeline: 1, lsn: '0/9000000', inRecovery: false, slots: [...slots], walBytes: 160 * 1024 ** 2 },
    ...more,
  };
}

/** An abandoned slot and nothing else that is wrong. */
export function abandoned(more: Partial<ProtectionFindingFacts> = {}): ProtectionFindingFacts {
  return {
    host: host(),
    protection: protection(),
    options: rebaselineOptionsSchema.parse({}),
    slots: { barman: slot(), others: [] },
    clusterBytes: 1_000_000,
    activeRun: null,
    earlierSystemIdentifier: '7000000000000000001',
    ...more,
  };
}

const other = slot({ name: 'other' });
const drops = (...dropSlots: string[]) => rebaselineOptionsSchema.parse({ dropSlots });
const full = [{ role: 'barman', device: '/dev/a', totalBytes: 1e10, freeBytes: 1024 ** 3 + 999_999, freeInodes: 1 }];

/** Each finding of a new baseline with the one thing that causes it. */
export const protectionCases: readonly (readonly [
  code: string,
  severity: string,
  facts: Partial<ProtectionFindingFacts>,
])[] = [
  ['live-not-primary', 'blocking', { protection: protection([], { live: null }), slots: { barman: null, others: [] } }],
  [
    'live-not-primary',
    'blocking',
    { protection: protection([], { live: { timeline: 1, lsn: '0/1', inRecovery: true, slots: [], walBytes: 0 } }) },
  ],
  ['slot-in-use', 'blocking', { slots: { barman: slot({ active: true, usedBy: stranger }), others: [] } }],
  [
    'slot-in-use',
    'blocking',
    { options: drops('other'), slots: { barman: slot(), others: [{ ...other, active: true, usedBy: stranger }] } },
  ],
  ['slot-healthy', 'confirm', { slots: { barman: slot(inUse), others: [] } }],
  ['slot-unknown', 'blocking', { options: drops('never_was') }],
  ['slot-unknown', 'blocking', { options: drops('barman') }],
  ['slot-for-good', 'confirm', { options: drops('other'), slots: { barman: slot(), others: [other] } }],
  ['backup-space', 'blocking', { host: host({ filesystems: full }) }],
  ['system-identifier', 'confirm', { earlierSystemIdentifier: '1' }],
  ['other-run', 'warning', { activeRun: { id: 'r', givesWay: false } }],
];
