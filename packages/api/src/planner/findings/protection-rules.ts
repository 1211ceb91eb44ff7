import type { WalProtection } from '@barback/shared/operations/wal-protection.ts';
import type { Finding } from '../plan-document.ts';
import type { FindingFacts, Rule } from './rule.ts';

type LiveProtection = NonNullable<WalProtection['live']>;
type Slot = LiveProtection['slots'][number];

const gib = 1024 ** 3;
/** Of max_slot_wal_keep_size: at the whole of it, the next checkpoint takes WAL away from the slot. */
const nearKeepSize = 0.8;
/** 512 MiB of segments of the usual size: more than an archiver that works leaves waiting for long. */
const readyMax = 32;
/** Debian's package runs cron every minute; one run may take a few. */
const cronMinutesMax = 10;
const minuteMicros = 60_000_000;

const streamingStopped: Rule = (facts) => {
  const { barman, live } = facts.host.protection;
  if (!barman?.streamingArchiver || !live || barman.slotName === null) return withoutSlot(facts);
  const slot = slotNamed(live, barman.slotName);
  if (!slot || slot.active) return null;
  const kept = slot.retainedBytes === null ? 'keeps no WAL' : `has kept ${slot.retainedBytes} bytes of WAL since then`;
  return stopped(facts, `Nobody streams from Barman's slot ${slot.name}; live ${kept}.`);
};

/** Without a slot, receive-wal is known by the name that Barman gives it. */
function withoutSlot(facts: FindingFacts): ReturnType<Rule> {
  const { barman, live } = facts.host.protection;
  if (!barman?.streamingArchiver || !live || barman.slotName !== null) return null;
  if (live.walReceivers.includes(barman.streamingArchiverName)) return null;
  return stopped(facts, `No application called ${barman.streamingArchiverName} streams WAL, and no slot keeps it.`);
}

function stopped(facts: FindingFacts, detail: string): ReturnType<Rule> {
  return {
    code: 'streaming-stopped',
    severity: beforeLive(facts, 'warning'),
    title: "Barman's receive-wal does not run",
    detail: `${detail} What live commits now is not protected.`,
    remedy: `Run "barman cron" as Barman's user; if receive-wal does not stay, its reason is in Barman's log, and one call repairs it: ${rebaseline(facts.server)}.`,
  };
}

const slotMissing: Rule = (facts) => {
  const { barman, live } = facts.host.protection;
  if (!barman?.streamingArchiver || !live || barman.slotName === null) return null;
  if (slotNamed(live, barman.slotName)) return null;
  return {
    code: 'slot-missing',
    severity: beforeLive(facts, 'warning'),
    title: "Barman's replication slot does not exist",
    detail: `Live has no slot ${barman.slotName}: it removes WAL at checkpoints, whether or not Barman has received it.`,
    remedy: `One call makes the slot and a base backup behind the hole, if there is one: ${rebaseline(facts.server)}.`,
  };
};

const slotRunaway: Rule = (facts) => {
  const { barman, live } = facts.host.protection;
  if (!live) return null;
  return live.slots
    .filter((slot) => !slot.active && isRunaway(slot, live))
    .map((slot) => ({
      code: 'slot-runaway',
      severity: 'warning',
      title: 'A slot that nobody reads makes live keep WAL',
      detail: describeRunaway(slot, live),
      remedy:
        slot.name === barman?.slotName
          ? `It is Barman's slot; one call drops it and protects live anew, and the window shows the hole: ${rebaseline(facts.server)}.`
          : `If its reader does not come back, drop it on live: SELECT pg_drop_replication_slot('${slot.name.replaceAll("'", "''")}');`,
    }));
};

function isRunaway(slot: Slot, live: LiveProtection): boolean {
  if (slot.walStatus === 'lost' || slot.walStatus === 'unreserved') return true;
  return (slot.retainedBytes ?? 0) > slotBytesBound(live);
}

/** What live keeps without any slot is no harm; a limit of its own is one when it is nearly used up. */
function slotBytesBound({ walBytesMax, slotBytesMax }: LiveProtection): number {
  const usual = Math.max(gib, walBytesMax);
  return slotBytesMax === null ? usual : Math.min(usual, Math.floor(slotBytesMax * nearKeepSize));
}

function describeRunaway(slot: Slot, live: LiveProtection): string {
  if (slot.walStatus === 'lost') return `Slot ${slot.name} is lost: live has removed WAL that its reader needs.`;
  const limit =
    live.slotBytesMax === null
      ? 'max_slot_wal_keep_size sets no limit, so it goes on until the disk is full, and that stops live'
      : `at ${live.slotBytesMax} (max_slot_wal_keep_size) live takes them away, and the slot is lost`;
  return `Slot ${slot.name} is inactive and keeps ${slot.retainedBytes ?? 0} bytes of WAL (bound: ${slotBytesBound(live)}); ${limit}.`;
}

const archiverFailing: Rule = (facts) => {
  const archiver = facts.host.protection.live?.archiver;
  if (!archiver) return null;
  const { lastFailedAt, lastArchivedAt } = archiver;
  const fails = lastFailedAt !== null && (lastArchivedAt === null || lastFailedAt > lastArchivedAt);
  if (!fails && archiver.ready <= readyMax) return null;
  const failure = fails ? `${archiver.lastFailedWal} could not be archived (${archiver.failedCount} failures). ` : '';
  return {
    code: 'archiver-failing',
    severity: beforeLive(facts, 'warning'),
    title: "PostgreSQL's archiver does not get WAL to Barman",
    detail: `${failure}${archiver.ready} WAL segments wait in pg_wal, which grows until the disk is full.`,
    remedy:
      "Repair archive_command or what it needs (the reason is in live's log), reload live, and wait until pg_stat_archiver shows a newer last_archived_wal.",
  };
};

const cronStale: Rule = (facts) => {
  const { host } = facts;
  const { barman } = host.protection;
  if (!barman) return null;
  const age = barman.cronSeenAt === null ? null : (host.time - barman.cronSeenAt) / minuteMicros;
  if (age !== null && age <= cronMinutesMax) return null;
  if (age === null && !barman.cronLeavesLock) return null;
  return {
    code: 'cron-stale',
    severity: beforeLive(facts, 'warning'),
    title: "Barman's cron does not run",
    detail: `barman cron ${age === null ? 'has never run' : `last ran ${Math.floor(age)} minutes ago`} for this server: nothing starts receive-wal again when it ends, and WAL is not archived.`,
    remedy:
      'Let "barman cron" run every minute as Barman\'s user (Debian\'s package does that with /etc/cron.d/barman, which needs a cron daemon); a server with active = false is left out.',
  };
};

/** What is lost once live is replaced must be confirmed before; a copy is made of what Barman has. */
function beforeLive({ touches }: FindingFacts, otherwise: Finding['severity']): Finding['severity'] {
  return touches === 'live' ? 'confirm' : otherwise;
}

function slotNamed(live: LiveProtection, name: string): Slot | undefined {
  return live.slots.find((slot) => slot.name === name);
}

function rebaseline(server: string): string {
  return `POST /v1/runs with {"plan": {"server": "${server}", "scenario": "rebaseline"}}`;
}

export const protectionRules: readonly Rule[] = [
  streamingStopped,
  slotMissing,
  slotRunaway,
  archiverFailing,
  cronStale,
];
