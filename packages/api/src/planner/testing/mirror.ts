import type { Result } from '@barback/shared/operations/index.ts';
import type { MirrorRuleFacts } from '../findings/mirror-rules.ts';
import type { VaultGiven } from '../findings/vault-rules.ts';
import type { Finding } from '../plan-document.ts';

const gigabyte = 1024 ** 3;

type Filesystem = Result<'host-facts'>['filesystems'][number];

export function filesystem(role: string, device: string, freeBytes: number): Filesystem {
  return { role, device, freeBytes } as Filesystem;
}

export interface MirrorGiven {
  readonly rehearsal?: boolean;
  readonly databases?: readonly string[];
  readonly versionNum?: number;
  readonly filesystems?: readonly Filesystem[];
  readonly lastKnown?: string | null;
}

/** What the rules of a restore from the mirror look at: a rehearsal on an empty host, in which nothing is found. */
export function mirrorFacts(given: MirrorGiven = {}): MirrorRuleFacts {
  const {
    rehearsal = true,
    databases = ['postgres', 'template0', 'template1'],
    versionNum = 150_018,
    lastKnown = null,
  } = given;
  const roomy = [filesystem('scratch', 'vda', 100 * gigabyte), filesystem('barman', 'vda', 100 * gigabyte)];
  const filesystems = given.filesystems ?? roomy;
  return {
    request: { server: 'main', scenario: 'restore-from-mirror', options: { rehearsal } },
    host: {
      live: { versionNum, databases: databases.map((name) => ({ name })) },
      filesystems,
      freeBytesFloor: gigabyte,
    },
    catalogue: { mirroredAt: '2026-11-29T12:00:00.000000Z', bytes: 20 * gigabyte },
    chosen: { backup: { id: '20261101T000000', postgresVersionNum: 150_013, sizeBytes: 10 * gigabyte } },
    lastKnown,
  } as unknown as MirrorRuleFacts;
}

type Case<T> = readonly [code: string, severity: Finding['severity'], planted: T];

export const mirrorCases: readonly Case<MirrorGiven>[] = [
  ['old-host', 'confirm', { rehearsal: false }],
  ['databases-here', 'confirm', { databases: ['postgres', 'shop'] }],
  ['postgres-major-differs', 'blocking', { versionNum: 170_002 }],
  ['space', 'blocking', { filesystems: [filesystem('scratch', 'vda', gigabyte)] }],
];

export const sameVault: VaultGiven = {
  asked: 'show',
  version: '20261129T120000Z',
  missingLocales: [],
  glibc: null,
  icu: null,
  olderBarman: null,
  missingExtensions: [],
  missingLibraries: [],
  missingPlaces: [],
  configuration: [{ path: '/etc/barman.conf', is: 'differs', diff: '-a\n+b\n' }],
  adoptable: [],
  withSecrets: [],
};

export const vaultCases: readonly Case<Partial<VaultGiven>>[] = [
  ['vault-missing', 'warning', { version: null }],
  ['locale-missing', 'blocking', { missingLocales: ['de_DE.UTF-8'] }],
  ['barman-older', 'blocking', { olderBarman: { there: '3.13', here: '3.4' } }],
  ['collation-changed', 'confirm', { glibc: { there: '2.36', here: '2.41' } }],
  ['collation-changed', 'confirm', { icu: { there: '72', here: '76' } }],
  ['library-missing', 'blocking', { missingLibraries: ['timescaledb'] }],
  ['library-missing', 'confirm', { missingExtensions: ['postgis'] }],
  [
    'configuration-otherwise',
    'warning',
    { adoptable: [{ path: '/etc/postgresql/15/main/pg_hba.conf', sha256: '0'.repeat(64), diff: '+x\n' }] },
  ],
  [
    'configuration-with-secrets',
    'warning',
    { asked: 'adopt', withSecrets: ['/etc/postgresql/15/main/postgresql.conf'] },
  ],
  ['tablespace-place-missing', 'blocking', { missingPlaces: [{ tablespace: 'fast', location: '/srv/fast' }] }],
];
