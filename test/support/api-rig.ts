import { createApp, type App } from '@barback/api/app.ts';
import { systemClock } from '@barback/api/clock.ts';
import type { OpenOptions } from '@barback/api/db/open-database.ts';
import type { Engine } from '@barback/api/engine/engine.ts';
import type { Channel } from '@barback/api/notify/channel-config.ts';
import { createKey, type NewKey } from '@barback/api/keys/key-store.ts';
import type { Role } from '@barback/api/keys/role.ts';
import { openIntegrations, type Integrations } from '@barback/api/integrations/integrations.ts';
import { openSecrets } from '@barback/api/integrations/secrets.ts';
import { noOffsite } from '@barback/api/offsite/offsite-keeper.ts';
import { createWalIndexer } from '@barback/api/wal-index/wal-indexer.ts';
import type { Backup } from '@barback/shared/operations/backup.ts';
import type { OpName, Params, Result } from '@barback/shared/operations/index.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { openRig, type Rig } from './engine-rig.ts';
import { fakeWalEnds, fakeWalFacts, fakeWalIndex, noon, systemIdentifier } from './fake-wal.ts';

const cli = { kind: 'cli', id: 'test' } as const;

/** The HTTP interface over a real database, with an agent behind the real wire. */
export interface ApiRig {
  readonly rig: Rig;
  readonly app: App;
  readonly engine: Engine;
  readonly integrations: Integrations;
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

export async function openApiRig(
  options: Partial<OpenOptions> = {},
  secretFiles: Readonly<Record<string, string>> = {},
  channels: readonly Channel[] = [],
): Promise<ApiRig> {
  const rig = await openRig(options);
  rig.agent.course = ({ op, params }) => {
    const answer = answers[op as OpName] as ((params: unknown) => Json) | undefined;
    const told = answer?.(params);
    // Each run takes the fence from the one before.
    const known = op === 'host-facts' || op === 'agent-facts';
    const result = known ? { ...(told as Result<'agent-facts'>), fence: rig.agent.fence } : told;
    return { end: 'succeeded', ...(result === undefined ? {} : { result }) };
  };
  const engine = rig.engine();
  const index = createWalIndexer({ ...engine.deps, everyMs: 0 });
  const integrations = openIntegrations({ secrets: openSecrets(secretFiles), clock: systemClock });
  const app = createApp({
    ...engine.deps,
    planHours: 4,
    index,
    integrations,
    offsite: noOffsite,
    channels,
    prove: rig.prove,
  });
  const key = (role: Role, more: Partial<NewKey> = {}): string =>
    createKey(rig.database, { name: role, role, servers: null, ...more }, cli, systemClock.now()).key;
  const keys = {
    viewer: key('viewer'),
    operator: key('operator'),
    approver: key('approver'),
    admin: key('admin'),
    enroller: key('enroller'),
  };
  return {
    rig,
    app,
    engine,
    integrations,
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
    async close() {
      await index.stop();
      await integrations.close();
      await rig.close();
    },
  };
}

const minute = 60_000_000;

const hostFacts: Omit<Result<'host-facts'>, 'time'> = {
  agentVersion: '0.0.0',
  hostName: 'db1',
  cpus: 2,
  memoryBytes: 4 * 1024 ** 3,
  fence: { fence: 0, plan: null },
  barman: { version: '3.4.0', supported: '3.4', unsupportedReasons: [] },
  binaries: { version: '15.20', major: 15 },
  dataDirectory: {
    path: '/d',
    device: '1',
    inode: '2',
    isMountPoint: false,
    hasControl: true,
    linkTo: null,
    walLinkTo: null,
  },
  live: {
    versionNum: 150_020,
    systemIdentifier,
    inRecovery: false,
    timeline: 1,
    currentLsn: '0/5000000',
    settings: { max_connections: '200', shared_preload_libraries: 'pg_stat_statements' },
    tablespaces: [],
    databases: [{ name: 'system', sizeBytes: 1_000_000 }],
    probeRole: true,
  },
  liveState: 'running',
  protection: { barman: null, live: null },
  surroundings: { haManagers: [], walSenders: null },
  content: null,
  filesystems: [
    { role: 'scratch', device: '/dev/a', totalBytes: 100 * 1024 ** 3, freeBytes: 50 * 1024 ** 3, freeInodes: 1e6 },
  ],
  scratches: [],
  probes: [],
  preloadLibraries: ['pg_stat_statements', 'auto_explain'],
  freeBytesFloor: 1024 ** 3,
  jobs: 1,
};

const backups = [backupAt('20261122T120500', 5, '5'), backupAt('20261122T120000', 0, '2')];

/** What the agent answers; whatever it is not asked here, it answers as the fake does. */
const answers: { readonly [N in OpName]?: (params: Params<N>) => Result<N> } = {
  // Its clock is the api's: what is told of clocks that differ is not told here.
  'agent-facts': () => ({ agentVersion: '0.0.0', kind: 'database', fence: { fence: 0, plan: null } }),
  'host-facts': () => ({ ...hostFacts, time: systemClock.now() }),
  'backup-list': () => ({ backups }),
  'backup-show': ({ backupId }) => backups.find((one) => one.id === backupId) ?? backupAt(backupId, 0, '2'),
  'backup-files': () => ({ files: 1_000 }),
  'wal-facts': () => fakeWalFacts,
  'wal-index': fakeWalIndex,
  'wal-ends': fakeWalEnds,
};

/** A usable backup that began so many minutes after noon and took one. */
function backupAt(id: string, minutes: number, segment: string): Backup {
  return {
    id,
    status: 'DONE',
    beginTime: noon + minutes * minute,
    endTime: noon + (minutes + 1) * minute,
    timeline: 1,
    beginLsn: `0/${segment}000028`,
    endLsn: `0/${segment}000138`,
    beginWal: `00000001000000000000000${segment}`,
    endWal: `00000001000000000000000${segment}`,
    sizeBytes: 1_000_000,
    postgresVersionNum: 150_020,
    tablespaces: [],
    retention: '-',
    manifest: 'present',
    systemIdentifier,
    unsupportedReasons: [],
  };
}
