import { createApp, type App } from '@barback/api/app.ts';
import { systemClock } from '@barback/api/clock.ts';
import type { OpenOptions } from '@barback/api/db/open-database.ts';
import type { Engine } from '@barback/api/engine/engine.ts';
import { createKey, type NewKey } from '@barback/api/keys/key-store.ts';
import type { Role } from '@barback/api/keys/role.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { openRig, type Rig } from './engine-rig.ts';

const cli = { kind: 'cli', id: 'test' } as const;

/** The HTTP interface over a real database, with an agent behind the real wire. */
export interface ApiRig {
  readonly rig: Rig;
  readonly app: App;
  readonly engine: Engine;
  key(role: Role, more?: Partial<NewKey>): string;
  /** One request; `body` is sent as JSON, `raw` as it is. */
  ask(method: string, path: string, more?: Asked): Promise<Answered>;
  close(): Promise<void>;
}

export interface Asked {
  readonly as?: Role | null;
  readonly key?: string;
  readonly body?: unknown;
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the answer is not JSON. */
  readonly json: unknown;
}

export async function openApiRig(options: Partial<OpenOptions> = {}): Promise<ApiRig> {
  const rig = await openRig(options);
  rig.agent.course = ({ op }) => ({ end: 'succeeded', ...(op in facts ? { result: facts[op] as Json } : {}) });
  const engine = rig.engine();
  const app = createApp({ ...engine.deps, planHours: 4 });
  const key = (role: Role, more: Partial<NewKey> = {}): string =>
    createKey(rig.database, { name: role, role, servers: null, ...more }, cli, systemClock.now()).key;
  const keys = { viewer: key('viewer'), operator: key('operator'), approver: key('approver'), admin: key('admin') };
  return {
    rig,
    app,
    engine,
    key,
    async ask(method, path, { as = 'operator', key: given, body, raw, headers = {} } = {}) {
      const secret = given ?? (as === null ? undefined : keys[as]);
      const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await app.request(path, {
        method,
        headers: {
          ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
          ...(content === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(content === undefined ? {} : { body: content }),
      });
      const text = await response.text();
      const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson && text !== '' ? JSON.parse(text) : undefined,
      };
    },
    close: () => rig.close(),
  };
}

/** 2026-11-22T12:00:00Z. */
const noon = 1_795_348_800_000_000;
const minute = 60_000_000;

const facts: Readonly<Record<string, Json | Result<'host-facts'> | Result<'backup-list'> | Result<'wal-facts'>>> = {
  'host-facts': {
    agentVersion: '0.0.0',
    hostName: 'db1',
    cpus: 2,
    memoryBytes: 4 * 1024 ** 3,
    time: noon + 60 * minute,
    fence: { fence: 0, plan: null },
    barman: { version: '3.4.0', supported: '3.4', unsupportedReasons: [] },
    binaries: { version: '15.20', major: 15 },
    dataDirectory: { path: '/d', device: '1', inode: '2', isMountPoint: false },
    live: {
      versionNum: 150_020,
      systemIdentifier: '7000000000000000001',
      inRecovery: false,
      timeline: 1,
      currentLsn: '0/5000000',
      settings: { max_connections: '200', shared_preload_libraries: 'pg_stat_statements' },
      tablespaces: [],
      databases: [{ name: 'system', sizeBytes: 1_000_000 }],
      slots: [],
      probeRole: true,
    },
    liveState: 'running',
    filesystems: [
      { role: 'scratch', device: '/dev/a', totalBytes: 100 * 1024 ** 3, freeBytes: 50 * 1024 ** 3, freeInodes: 1 },
    ],
    scratches: [],
    probes: [],
    freeBytesFloor: 1024 ** 3,
    jobs: 1,
  },
  'backup-list': {
    backups: [backupAt('20261122T120500', 5), backupAt('20261122T120000', 0)],
  },
  'wal-facts': {
    segmentBytes: 16 * 1024 * 1024,
    histories: [],
    runs: [
      {
        timeline: 1,
        first: '000000010000000000000001',
        last: '000000010000000000000009',
        lastIsPartial: true,
      },
    ],
  },
};

/** A usable backup that began so many minutes after noon and took one. */
function backupAt(id: string, minutes: number): Result<'backup-list'>['backups'][number] {
  return {
    id,
    status: 'DONE',
    beginTime: noon + minutes * minute,
    endTime: noon + (minutes + 1) * minute,
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
  };
}
