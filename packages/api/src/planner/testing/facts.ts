import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import type { WalFacts } from '../wal-path.ts';

/** 2026-11-22T12:00:00Z. */
export const noon = 1_795_348_800_000_000;
export const minute = 60_000_000;
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
    unsupportedReasons: [],
    ...more,
  };
}

/** WAL of timeline 1 from segment 1 to 9. */
export function wal(more: Partial<WalFacts> = {}): WalFacts {
  const run = { timeline: 1, first: '000000010000000000000001', last: '000000010000000000000009', lastIsPartial: true };
  return { segmentBytes, histories: [], runs: [run], ...more };
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
    filesystems: [{ role: 'scratch', device: '/dev/a', totalBytes: 1e12, freeBytes: 5e11, freeInodes: 1000 }],
    scratches: [],
    probes: [],
    freeBytesFloor: 1024 ** 3,
    jobs: 2,
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
    slots: [],
    probeRole: true,
    ...more,
  };
}
