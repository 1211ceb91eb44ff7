import type { OpName, Result } from '@barback/shared/operations/index.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import type { TokenClaims } from '@barback/shared/wire/token.ts';
import { fakeWalFacts } from './fake-wal.ts';

export interface FakeWorld {
  readonly fence: { fence: number; plan: string | null };
  readonly liveState: 'running' | 'stopped' | 'unknown';
}

const noTables = { databases: [{ name: 'system', tables: 1, sizeBytes: 8192 }], tables: [], probes: [], deferred: [] };
const at = 1_795_000_000_000_000;
const lsn = '0/3000148';

/** The backup and the WAL of every plan of a rig. */
const shownBackup: Result<'backup-show'> = {
  id: '20261122T120000',
  status: 'DONE',
  beginTime: 1,
  endTime: 2,
  timeline: 1,
  beginLsn: '0/1',
  endLsn: '0/2',
  beginWal: null,
  endWal: null,
  sizeBytes: 1000,
  postgresVersionNum: 150_020,
  tablespaces: [],
  retention: '-',
  manifest: 'present',
  systemIdentifier: null,
  unsupportedReasons: [],
};

const results: { readonly [N in OpName]?: Result<N> } = {
  'backup-show': shownBackup,
  'wal-facts': fakeWalFacts,
  'relation-names': { available: false, lsn: null, databases: [], relations: [], catalogues: [], next: null },
  'barman-check': { ok: true, checks: [] },
  'backup-lease': { previous: 'none', leases: 1 },
  'backup-release': { restored: 'none', leases: 0 },
  'live-count': { available: true, tables: [] },
  'scratch-recover': {
    barmanVersion: '3.4.0',
    bytes: 1000,
    seconds: 1,
    warnings: [],
    wal: { segments: 2, bytes: 2000, first: null, last: null, partial: null },
  },
  'scratch-verify-manifest': { manifest: 'verified', files: 10, bytes: 1000 },
  'scratch-start': {
    pid: 1,
    socketDirectory: '/s',
    port: 5432,
    superuser: 'postgres',
    libraries: [],
    settingsSetAside: [],
  },
  'scratch-replay': {
    outcome: 'paused',
    evidence: 'recovery stopping before',
    replayLsn: lsn,
    timeline: 1,
    replayedBytes: 328,
    lastReplayed: { xid: 740, lsn, time: at },
    firstSkipped: null,
  },
  'scratch-probe': noTables,
  'scratch-promote': { timeline: 2, systemIdentifier: '7' },
  'scratch-compare': { available: true, count: 0, differences: [] },
  'scratch-amcheck': { level: 'tables', databases: 1, relations: 10 },
  'scratch-stop': { wasRunning: true, state: 'shut down' },
  'scratch-discard': { existed: true },
  'protection-facts': {
    streaming: true,
    archiver: false,
    slotName: 'barman',
    receiverName: 'barman_receive_wal',
    live: { timeline: 1, lsn: '0/5000000', inRecovery: false, slots: [], walBytes: 0 },
  },
  'receive-wal-stop': { wasRunning: true },
  'receive-wal-align': {
    segment: '000000010000000000000009',
    received: '000000010000000000000003.partial',
    changed: true,
  },
  'receive-wal-start': { wasRunning: false },
  'slot-drop': { existed: true, restartLsn: '0/3000000', retainedBytes: 1000, walStatus: 'reserved' },
  'slot-create': { created: true, restartLsn: '0/9000000' },
  'live-checkpoint': { walBytesBefore: 2000, walBytesAfter: 1000 },
  'wal-switch': { segment: '000000010000000000000009', seconds: 1 },
  'backup-create': {
    backupId: '20261122T130000',
    timeline: 1,
    beginWal: '00000001000000000000000A',
    endLsn: '0/A000138',
    endTime: at,
    sizeBytes: 1000,
    seconds: 1,
  },
  'backup-discard': { deleted: null },
};

/** A result that fits the contract of the operation. */
export function fakeResults({ op }: Pick<TokenClaims, 'op'>, world: FakeWorld): Json {
  if (op === 'host-facts') return hostFacts(world);
  if (op === 'agent-facts') return { agentVersion: '0.0.0', kind: 'database', fence: { ...world.fence } };
  const result = results[op as OpName];
  return result ?? {};
}

function hostFacts({ fence, liveState }: FakeWorld): Result<'host-facts'> {
  return {
    agentVersion: '0.0.0',
    hostName: 'fake',
    cpus: 2,
    memoryBytes: 1024,
    time: at,
    fence,
    liveState,
    barman: { version: '3.4.0', supported: '3.4', unsupportedReasons: [] },
    binaries: { version: '15.20', major: 15 },
    dataDirectory: null,
    live: null,
    protection: { barman: null, live: null },
    surroundings: { haManagers: [], walSenders: null },
    content: null,
    filesystems: [],
    scratches: [],
    probes: [],
    preloadLibraries: [],
    freeBytesFloor: 0,
    jobs: 1,
  };
}
