import type { Result } from '@barback/shared/operations/index.ts';
import { standbyImportOptionsSchema, type StandbyImportOptions } from '../../scenarios/standby-import.ts';
import type { ImportRuleFacts } from '../findings/import-rules.ts';
import type { Finding } from '../plan-document.ts';
import { filesystem } from './mirror.ts';

const gigabyte = 1024 ** 3;

type Look = Result<'import-look'>;
type Filesystem = Result<'host-facts'>['filesystems'][number];

export interface ImportGiven {
  readonly options?: Partial<StandbyImportOptions>;
  readonly source?: Partial<Look['source']>;
  readonly into?: Partial<Look['into']>;
  readonly validUntil?: string;
  readonly filesystems?: readonly Filesystem[];
}

const source: Look['source'] = {
  host: 'db.example.net',
  port: 25_060,
  database: 'defaultdb',
  role: 'doadmin',
  version: '15.13',
  versionNum: 150_013,
  sizeBytes: 10 * gigabyte,
  encoding: 'UTF8',
  tables: 12,
  unreadable: [],
  extensions: [
    { name: 'pg_trgm', version: '1.6', schema: 'public' },
    { name: 'postgis', version: '3.3', schema: 'public' },
  ],
  grantees: ['app', 'smartsapp'],
  eventTriggers: [],
  pooled: false,
  plain: null,
};

const into: Look['into'] = {
  database: 'system',
  oid: 16_400,
  sizeBytes: 8 * gigabyte,
  encoding: 'UTF8',
  extensions: ['plpgsql', 'postgis'],
  role: 'app',
  objections: [],
  roles: ['app', 'postgres', 'smartsapp'],
  available: [
    { name: 'pageinspect', trusted: false },
    { name: 'pg_trgm', trusted: true },
    { name: 'postgis', trusted: false },
  ],
  subscriptions: [],
};

/** 2026-11-29T12:00:00Z. */
const now = 1_795_953_600_000_000;

/** What the rules of an import look at: one of which nothing is said but what every import loses. */
export function importFacts(given: ImportGiven = {}): ImportRuleFacts {
  const roomy = ['data', 'scratch', 'barman'].map((role) => filesystem(role, 'vda', 500 * gigabyte));
  return {
    options: { ...standbyImportOptionsSchema.parse({ import: 'managed' }), ...given.options },
    look: {
      source: { ...source, ...given.source },
      into: { ...into, ...given.into },
      validUntil: given.validUntil ?? null,
      toolsMajor: 15,
    },
    host: {
      filesystems: [...(given.filesystems ?? roomy)],
      freeBytesFloor: gigabyte,
      live: { databases: [{ name: 'system', sizeBytes: 8 * gigabyte }] },
    } as ImportRuleFacts['host'],
    now,
  };
}

const extension = (name: string) => ({ name, version: '1.0', schema: 'public' });

type Case = readonly [code: string, severity: Finding['severity'], planted: ImportGiven];

export const importCases: readonly Case[] = [
  ['import-database-missing', 'blocking', { into: { oid: null, sizeBytes: null, encoding: null } }],
  ['import-expired', 'blocking', { validUntil: '2026-11-28' }],
  ['import-version', 'blocking', { source: { versionNum: 160_001, version: '16.1' } }],
  ['import-plain', 'warning', { source: { plain: { sha256: '0'.repeat(64), faults: [] } } }],
  ['import-plain-refused', 'blocking', { source: { plain: { sha256: '0'.repeat(64), faults: ['it names owners'] } } }],
  ['import-pooled', 'blocking', { source: { pooled: true } }],
  ['import-unreadable', 'blocking', { source: { unreadable: ['public.secrets'] } }],
  ['import-role', 'blocking', { into: { objections: ['it is a superuser'] } }],
  ['import-role-missing', 'blocking', { source: { grantees: ['app', 'analyst'] } }],
  ['import-extension-missing', 'blocking', { source: { extensions: [extension('timescaledb')] } }],
  ['import-extension-untrusted', 'blocking', { source: { extensions: [extension('pageinspect')] } }],
  ['import-encoding', 'confirm', { source: { encoding: 'SQL_ASCII' } }],
  ['import-subscriptions', 'blocking', { into: { subscriptions: ['from_upstream'] } }],
  ['import-left-out', 'warning', { source: { eventTriggers: ['audit_ddl'] } }],
  ['space', 'blocking', { filesystems: [filesystem('data', 'vda', 12 * gigabyte)] }],
  ['space-barman', 'blocking', { filesystems: [filesystem('barman', 'vdb', 32 * gigabyte)] }],
];

/** Told of every import. */
export const importAlways: Case = ['import-loss', 'warning', {}];
