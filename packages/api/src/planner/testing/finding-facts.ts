import type { FindingFacts } from '../findings/rule.ts';
import { nothingReplayed } from '../replayed-wal.ts';
import {
  backup,
  barmanProtection,
  content,
  host,
  live,
  liveProtection,
  noon,
  protection,
  segmentBytes,
  slot,
  walSender,
} from './facts.ts';

export const clear: FindingFacts = {
  server: 'main',
  touches: 'copy',
  host: host(),
  segmentBytes,
  backup: backup(),
  target: { type: 'latest' },
  reach: { position: 9 * segmentBytes + 40, breaks: { is: 'end', number: 10 } },
  isConsistent: true,
  abandoned: false,
  replayed: nothingReplayed,
  scratchFiles: 1_000,
  clock: { offset: 0, uncertainty: 0 },
  asksForTime: false,
  walSystemIdentifier: '7000000000000000001',
  freedBytes: 0,
  scratchBytes: 1_000_000,
  walBytes: 1_000_000,
  probes: 1,
  activeRun: null,
  earlierSystemIdentifier: '7000000000000000001',
};
export const broken: FindingFacts['reach'] = {
  position: 4 * segmentBytes - 1,
  breaks: { is: 'missing', timeline: 1, number: 4, last: 5 },
};
export const unread: FindingFacts['reach'] = {
  position: 4 * segmentBytes - 1,
  breaks: { is: 'unread', timeline: 1, number: 4 },
};
/** One byte less than the floor, the copy, its WAL, and the WAL that replay keeps. */
export const tight = { device: '/dev/a', totalBytes: 1e10, freeBytes: 1024 ** 3 + 2_999_999, freeInodes: 1e6 };
export const full = [{ role: 'scratch', ...tight }];
export const roomy = { ...tight, freeBytes: 1e12 };
/** Barman on the filesystem of the copy: room for the copy alone, but not for the base backup that follows. */
export const shared = ['scratch', 'barman'].map((role) => ({ role, ...tight, freeBytes: 1024 ** 3 + 4_999_999 }));
export const inodes = 1_000 + 1_000 + Math.ceil(2_000_000 / segmentBytes) + 200;
export const mounted = {
  path: '/d',
  device: '1',
  inode: '2',
  isMountPoint: true,
  hasControl: true,
  linkTo: null,
  walLinkTo: null,
};
export const linked = { ...mounted, isMountPoint: false, linkTo: '/data/d', walLinkTo: '/wal' };
export const ahead = { offset: 6_500_000, uncertainty: 1_000_000 };

export const created = { lsn: '0/5000060', path: '/var/lib/postgresql/fast', nextEnd: noon };

export type LiveProtection = Parameters<typeof liveProtection>[0];
export const protectedBy = (more: LiveProtection) => host({ protection: protection({ live: liveProtection(more) }) });
export const gib = 1024 ** 3;
export type HostFacts = FindingFacts['host'];
export const idle = slot({ name: 'old', active: false });
export const inactive = protectedBy({ slots: [slot({ active: false })], walReceivers: [] });
export const withoutSlot = protectedBy({ slots: [], walReceivers: [] });
export const archiver = {
  failedCount: 3,
  lastFailedWal: '000000010000000000000009',
  lastFailedAt: 2,
  lastArchivedAt: 1,
  ready: 1,
};
export const failing = protectedBy({ archiver });
export const cronAt = (cronSeenAt: number | null) =>
  host({ protection: protection({ barman: barmanProtection({ cronSeenAt }) }) });
export const cronGone = cronAt(host().time - 11 * 60_000_000);
export const toLive = { touches: 'live' } as const;
const patroni = {
  manager: 'Patroni',
  pid: 7,
  mark: '/d/patroni.dynamic.json',
  paused: false,
} satisfies HostFacts['surroundings']['haManagers'][number];
export const managedBy = (more: Partial<HostFacts['surroundings']['haManagers'][number]>) =>
  host({ surroundings: { haManagers: [{ ...patroni, ...more }], walSenders: [] } });
export const sending = (more: Parameters<typeof walSender>[0]) =>
  host({ surroundings: { haManagers: [], walSenders: [walSender(), walSender(more)] } });
export const standby = { applicationName: 'replica1', slotName: null };
export const recovering = host({ live: live({ inRecovery: true }) });
export const synchronous = host({ live: live({ settings: { synchronous_standby_names: 'ANY 1 (replica1)' } }) });
export const silent = sending({ silentSeconds: 31 });
export const one = { count: 1, names: ['system.public.sessions'] };
export const holding = (more: Parameters<typeof content>[0]) => host({ content: content(more) });
export const decoded = protectedBy({ slots: [slot(), slot({ name: 'cdc', type: 'logical', database: 'system' })] });
