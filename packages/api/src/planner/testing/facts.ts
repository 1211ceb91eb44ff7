import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import type { ContentFacts } from '@barback/shared/operations/content-facts.ts';
import type { SlotFacts } from '@barback/shared/operations/protection-facts.ts';
import type { WalProtection } from '@barback/shared/operations/wal-protection.ts';
import type { SurroundingsFacts } from '@barback/shared/operations/surroundings-facts.ts';
import { nothingKnown, type WalState } from '../../wal-index/wal-state.ts';
import { pictureOf, type WalPicture } from '../../window/wal-picture.ts';

/** 2026-11-22T12:00:00Z. */
export const noon = 1_795_348_800_000_000;
const minute = 60_000_000;
export const segmentBytes = 16 * 1024 * 1024;

/** A usable backup of timeline 1 that ended at noon, in segment 2. */
export function backup(more: Partial<Backup> = {}): Backup {
  return {
    id: '20261122T115900',
    status: 'DONE',
    beginTime: noon - minute,
    endTime: noon,
    timeline: 1,
    beginLsn: '0/2000028',
    endLsn: '0/2000138',
    beginWal: '000000010000000000000002',
    endWal: '000000010000000000000002',
    sizeBytes: 1_000_000,
    postgresVersionNum: 150_020,
    tablespaces: [],
    retention: '-',
    manifest: 'present',
    systemIdentifier: '7000000000000000001',
    unsupportedReasons: [],
    ...more,
  };
}

/** WAL of timeline 1 from segment 1 to 9, all of it read. */
export function picture(more: Partial<WalState> = {}, backups: readonly Backup[] = [backup()]): WalPicture {
  const held = [{ timeline: 1, first: 1, last: 9 }];
  const state: WalState = {
    ...nothingKnown,
    segmentBytes,
    systemIdentifier: '7000000000000000001',
    complete: held,
    read: held,
    liveTimeline: 1,
    ...more,
  };
  return pictureOf(state, backups);
}

/** A host on which nothing is wrong, one hour after noon. */
export function host(more: Partial<Result<'host-facts'>> = {}): Result<'host-facts'> {
  return {
    agentVersion: '0.0.0',
    hostName: 'db1',
    cpus: 2,
    memoryBytes: 1024,
    time: noon + 60 * minute,
    fence: { fence: 0, plan: null },
    barman: { version: '3.4.0', supported: '3.4', unsupportedReasons: [] },
    binaries: { version: '15.20', major: 15 },
    dataDirectory: null,
    live: live(),
    liveState: 'running',
    protection: protection(),
    surroundings: { haManagers: [], walSenders: [walSender()] },
    content: content(),
    filesystems: [{ role: 'scratch', device: '/dev/a', totalBytes: 1e12, freeBytes: 5e11, freeInodes: 1e6 }],
    scratches: [],
    probes: [],
    preloadLibraries: ['pg_stat_statements', 'auto_explain'],
    freeBytesFloor: 1024 ** 3,
    jobs: 2,
    ...more,
  };
}

/** Barman streams through its slot, and its cron ran half a minute ago. */
export function protection(more: Partial<WalProtection> = {}): WalProtection {
  return { barman: barmanProtection(), live: liveProtection(), ...more };
}

export function barmanProtection(more: Partial<NonNullable<WalProtection['barman']>> = {}) {
  return {
    streamingArchiver: true,
    archiver: false,
    slotName: 'barman',
    streamingArchiverName: 'barman_receive_wal',
    streamingBackupName: 'barman_streaming_backup',
    cronSeenAt: noon + 59.5 * minute,
    cronLeavesLock: true,
    ...more,
  };
}

type LiveProtection = NonNullable<WalProtection['live']>;

export function liveProtection(more: Partial<LiveProtection> = {}): LiveProtection {
  return {
    slots: [slot()],
    slotBytesMax: null,
    walBytesMax: 1024 ** 3,
    walReceivers: ['barman_receive_wal'],
    archiver: null,
    ...more,
  };
}

/** Barman's, which receive-wal uses. */
export function slot(more: Partial<SlotFacts> = {}): SlotFacts {
  return {
    name: 'barman',
    type: 'physical',
    active: true,
    database: null,
    restartLsn: '0/9000000',
    retainedBytes: 328,
    walStatus: 'reserved',
    usedBy: { pid: 1, applicationName: 'barman_receive_wal', userName: 'streaming_barman', address: null },
    ...more,
  };
}

type WalSender = NonNullable<SurroundingsFacts['walSenders']>[number];

/** Barman's receive-wal, which answered a second ago. */
export function walSender(more: Partial<WalSender> = {}): WalSender {
  return {
    applicationName: 'barman_receive_wal',
    state: 'streaming',
    slotName: 'barman',
    logical: false,
    lagBytes: 328,
    silentSeconds: 1,
    ...more,
  };
}

const none = { count: 0, names: [] };

export function content(more: Partial<ContentFacts> = {}): ContentFacts {
  return {
    preparedTransactions: none,
    unloggedTables: none,
    publications: none,
    subscriptions: none,
    databasesLeftOut: 0,
    ...more,
  };
}

type Live = NonNullable<Result<'host-facts'>['live']>;

export function live(more: Partial<Live> = {}): Live {
  return {
    versionNum: 150_020,
    systemIdentifier: '7000000000000000001',
    inRecovery: false,
    timeline: 1,
    currentLsn: '0/9000000',
    settings: { max_connections: '200', shared_preload_libraries: '' },
    tablespaces: [],
    databases: [],
    probeRole: true,
    ...more,
  };
}
