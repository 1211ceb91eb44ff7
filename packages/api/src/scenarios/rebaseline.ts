import type { SlotFacts } from '@barback/shared/operations/protection-facts.ts';
import { slotNameSchema } from '@barback/shared/postgres/slot.ts';
import { z } from 'zod';
import { backupStep, startReceivingStep } from './baseline-steps.ts';
import type { PlannedSlots, ProtectionBasis } from './protection-basis.ts';
import { checkStep, recheckProtectionSteps } from './recheck-steps.ts';
import type { Scenario } from './scenario.ts';
import { onAgent, type Step } from './step.ts';

export const rebaselineOptionsSchema = z
  .strictObject({
    /** `renew`: Barman's slot is dropped and made anew, and receive-wal begins at live's current WAL. `keep`: both stay as they are. */
    slot: z.enum(['renew', 'keep']).default('renew'),
    /** Other slots that nobody uses, to be dropped for good. */
    dropSlots: z.array(slotNameSchema).max(16).default([]),
    /** Findings of severity `confirm` that the operator has read, by code. */
    acknowledge: z.array(z.string().max(64)).max(32).default([]),
  })
  .meta({ id: 'RebaselineOptions' });

export type RebaselineOptions = z.output<typeof rebaselineOptionsSchema>;

export interface RebaselineFacts {
  readonly server: string;
  readonly basis: ProtectionBasis;
  readonly slots: PlannedSlots;
  /** Size of the cluster; null when it is not known. */
  readonly clusterBytes: number | null;
}

/** Protects the server anew after its slot ran away or was lost: a slot that keeps WAL from now on, and a base backup behind it. */
export const rebaseline: Scenario<typeof rebaselineOptionsSchema, RebaselineFacts> = {
  name: 'rebaseline',
  title: 'New baseline',
  touches: 'archive',
  undo: 'a slot that was dropped cannot be brought back, nor the WAL that only it kept; what Barman holds stays as it is',
  options: rebaselineOptionsSchema,
  steps(options, { server, basis, slots, clusterBytes }) {
    const renews = options.slot === 'renew' && basis.streaming;
    return [
      ...recheckProtectionSteps(server, basis),
      checkStep(server),
      ...(renews ? realign(server) : []),
      ...(renews && basis.slotName !== null && slots.barman ? [dropOwn(server, slots.barman)] : []),
      ...slots.others.map((slot, index) => dropOther(server, slot, index)),
      ...(renews || slots.others.length > 0 ? [checkpoint(server)] : []),
      ...(renews && basis.slotName !== null ? [createSlot(server, basis.slotName)] : []),
      ...(basis.streaming ? [startReceivingStep(server)] : []),
      {
        name: 'switch-wal',
        title: 'Close a WAL segment and wait until Barman has archived it',
        action: onAgent('wal-switch', { server }),
      },
      backupStep(server, clusterBytes),
    ];
  },
};

/** Before the drop: whatever Barman's cron starts from here on begins behind the WAL that is given up. */
function realign(server: string): Step[] {
  return [
    {
      name: 'stop-receive-wal',
      title: "Stop Barman's receive-wal",
      // Nothing puts it back: cron of the host starts receive-wal within a minute, and whoever has the slot then may keep it from that.
      action: onAgent('receive-wal-stop', { server }),
    },
    {
      name: 'align-receive-wal',
      title: "Let receive-wal begin at live's current segment",
      action: onAgent('receive-wal-align', { server }),
    },
  ];
}

function dropOwn(server: string, slot: SlotFacts): Step {
  return {
    name: 'drop-slot',
    title: `Drop the slot ${slot.name}`,
    action: onAgent('slot-drop', { server, slot: slot.name, type: slot.type, ofBarman: true, unmoved: unmoved(slot) }),
    inverse: {
      when: 'failure',
      name: 'restore-slot',
      title: `Create the slot ${slot.name}, which keeps WAL from then on`,
      action: onAgent('slot-create', { server, slot: slot.name }),
    },
  };
}

function dropOther(server: string, slot: SlotFacts, index: number): Step {
  return {
    name: `drop-other-slot-${index + 1}`,
    title: `Drop the slot ${slot.name}`,
    action: onAgent('slot-drop', { server, slot: slot.name, type: slot.type, ofBarman: false, unmoved: unmoved(slot) }),
  };
}

function unmoved({ active, restartLsn }: SlotFacts): { restartLsn: string | null } | null {
  return active ? null : { restartLsn };
}

function checkpoint(server: string): Step {
  return {
    name: 'checkpoint',
    title: 'Let live remove the WAL that no slot keeps any more',
    action: onAgent('live-checkpoint', { server }),
  };
}

function createSlot(server: string, slot: string): Step {
  return {
    name: 'create-slot',
    title: `Create the slot ${slot}, which keeps WAL from now on`,
    action: onAgent('slot-create', { server, slot }),
  };
}
