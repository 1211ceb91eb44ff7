import type { OpName, Result } from '@barback/shared/operations/index.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import type { TokenClaims } from '@barback/shared/wire/token.ts';

export interface FakeWorld {
  readonly fence: { fence: number; plan: string | null };
  readonly liveState: 'running' | 'stopped' | 'unknown';
}

const noTables = { databases: [{ name: 'system', tables: 1, sizeBytes: 8192 }], tables: [], probes: [], deferred: [] };
const at = 1_795_000_000_000_000;
const lsn = '0/3000148';

const results: { readonly [N in OpName]?: Result<N> } = {
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
  'scratch-amcheck': { level: 'tables', databases: 1, relations: 10 },
  'scratch-stop': { wasRunning: true, state: 'shut down' },
  'scratch-discard': { existed: true },
};

/** A result that fits the contract of the operation. */
export function fakeResults({ op }: Pick<TokenClaims, 'op'>, world: FakeWorld): Json {
  if (op === 'host-facts') return hostFacts(world);
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
    filesystems: [],
    scratches: [],
    probes: [],
    freeBytesFloor: 0,
    jobs: 1,
  };
}
