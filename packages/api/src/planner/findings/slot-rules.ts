import type { SlotFacts } from '@barback/shared/operations/protection-facts.ts';
import type { ProtectionFindingFacts, ProtectionRule } from './protection-rule.ts';
import type { Found } from './rule.ts';

const liveNotPrimary: ProtectionRule = ({ host, protection: { live } }) => {
  if (live !== null && !live.inRecovery) return null;
  const state = live === null ? `PostgreSQL is ${host.liveState} on ${host.hostName}` : 'Live is a standby';
  return {
    code: 'live-not-primary',
    severity: 'blocking',
    title: 'Live does not answer as a primary',
    detail: `${state}: no slot can be dropped or made, and no WAL segment closed.`,
    remedy: live === null ? 'Start PostgreSQL, then plan again.' : 'Plan for the server that is the primary.',
  };
};

/** Whether Barman's slot will be dropped. */
function renews({ options, protection }: ProtectionFindingFacts): boolean {
  return options.slot === 'renew' && protection.slotName !== null;
}

const slotInUse: ProtectionRule = (facts) => {
  const { protection, slots } = facts;
  const own = renews(facts) && slots.barman !== null && isForeign(slots.barman, protection.receiverName);
  const used = [...(own && slots.barman ? [slots.barman] : []), ...slots.others.filter((one) => one.active)];
  return used.map((slot) => ({
    code: 'slot-in-use',
    severity: 'blocking',
    title: `Somebody else uses the slot ${slot.name}`,
    detail: `${user(slot)} reads WAL through it.`,
    remedy: 'End what uses it, or leave the slot out, then plan again.',
  }));
};

/** In use by something that is not Barman's receive-wal. */
function isForeign({ active, usedBy }: SlotFacts, receiverName: string): boolean {
  return active && usedBy?.applicationName !== receiverName;
}

function user({ usedBy }: SlotFacts): string {
  if (usedBy === null) return 'A process';
  const { applicationName, pid, userName, address } = usedBy;
  return `${applicationName || 'A process'} (PID ${pid}, role ${userName ?? 'unknown'}, from ${address ?? 'this host'})`;
}

const slotHealthy: ProtectionRule = (facts) => {
  const { protection, slots } = facts;
  const slot = slots.barman;
  if (!renews(facts) || !slot?.active || isForeign(slot, protection.receiverName)) return null;
  return {
    code: 'slot-healthy',
    severity: 'confirm',
    title: 'Barman receives WAL through its slot now',
    detail: `The slot ${slot.name} is in use by receive-wal and keeps ${slot.retainedBytes ?? 0} bytes.`,
    remedy:
      'For a new base backup alone plan again with "slot": "keep" in the options; to renew the slot all the same, with "acknowledge": ["slot-healthy"].',
  };
};

const slotUnknown: ProtectionRule = ({ options, protection, slots }) => {
  const named = options.dropSlots.filter((name) => !slots.others.some((one) => one.name === name));
  if (protection.live === null) return null;
  return named.map((name): Found => {
    const isOwn = name === protection.slotName;
    return {
      code: 'slot-unknown',
      severity: 'blocking',
      title: isOwn ? `The slot ${name} is Barman's own` : `There is no slot ${name}`,
      detail: `The slots of live are: ${protection.live?.slots.map((one) => one.name).join(', ') || 'none'}.`,
      remedy: isOwn
        ? `Leave ${name} out of "dropSlots": "slot": "renew", the default, drops it and makes it anew.`
        : 'Correct or leave out the name in "dropSlots", then plan again.',
    };
  });
};

const slotForGood: ProtectionRule = ({ slots }) => {
  const idle = slots.others.filter((one) => !one.active);
  if (idle.length === 0) return null;
  const told = idle.map((one) => `${one.name} (${one.type}, keeps ${one.retainedBytes ?? 0} bytes)`);
  return {
    code: 'slot-for-good',
    severity: 'confirm',
    title: 'Slots that are not of Barman are dropped for good',
    detail: `${told.join(', ')}: whoever used them must be built anew.`,
    remedy: 'If nobody needs them any more, plan again with "acknowledge": ["slot-for-good"] in the options.',
  };
};

const backupSpace: ProtectionRule = ({ host, clusterBytes }) => {
  const place = host.filesystems.find((one) => one.role === 'barman');
  if (!place || clusterBytes === null) return null;
  const needed = clusterBytes + host.freeBytesFloor;
  if (place.freeBytes >= needed) return null;
  return {
    code: 'backup-space',
    severity: 'blocking',
    title: 'There is not enough room for a base backup',
    detail: `The cluster has ${clusterBytes} bytes and ${host.freeBytesFloor} must stay free: ${needed} in all, but ${place.freeBytes} are free on ${place.device}, where Barman keeps its backups.`,
    remedy: `Free ${needed - place.freeBytes} bytes there: delete a base backup that is not needed (barman delete), or enlarge the filesystem. If live must have room at once, drop the slot by hand: SELECT pg_drop_replication_slot(…), then plan again.`,
  };
};

export const slotRules: readonly ProtectionRule[] = [
  liveNotPrimary,
  slotInUse,
  slotHealthy,
  slotUnknown,
  slotForGood,
  backupSpace,
];
