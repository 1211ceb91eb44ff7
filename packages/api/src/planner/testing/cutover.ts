import type { Result } from '@barback/shared/operations/index.ts';
import type { CutoverRuleFacts } from '../findings/cutover-rules.ts';
import type { GatheredCutover } from '../gather.ts';
import { host, live, slot } from './facts.ts';

type Facts = Result<'cutover-facts'>;

/** A server that can be replaced. */
function cutoverFacts(more: Partial<Facts> = {}): Facts {
  return {
    service: 'debian-cluster',
    hba: hba(),
    sessions: [{ role: 'app', application: 'psql', count: 2 }],
    settings: {
      walLevel: 'replica',
      trackCommitTimestamp: false,
      walLogHints: false,
      archiveMode: 'off',
      maxReplicationSlots: 10,
    },
    besideOnSameFilesystem: true,
    fencedBy: null,
    heldBy: null,
    ...more,
  };
}

function hba(more: Partial<NonNullable<Facts['hba']>> = {}): NonNullable<Facts['hba']> {
  return {
    file: '/etc/postgresql/15/main/pg_hba.conf',
    exempt: ['postgres', 'barman'],
    unsupported: null,
    ...more,
  };
}

export function gatheredCutover(more: Partial<Facts> = {}): GatheredCutover {
  return {
    facts: cutoverFacts(more),
    protection: {
      streaming: true,
      archiver: false,
      slotName: 'barman',
      receiverName: 'barman_receive_wal',
      live: { timeline: 1, lsn: '0/9000000', inRecovery: false, walBytes: 0, slots: [slot()] },
    },
  };
}

export const liveHost = host({
  dataDirectory: {
    path: '/var/lib/postgresql/15/main',
    device: '1',
    inode: '100',
    isMountPoint: false,
    linkTo: null,
    walLinkTo: null,
    hasControl: true,
  },
  live: live(),
});

/** Nothing speaks against it. */
export function clearCutover(more: Partial<CutoverRuleFacts> = {}): CutoverRuleFacts {
  return { server: 'main', host: liveHost, cutover: cutoverFacts(), undoneDdl: 0, names: [], destroyed: null, ...more };
}

/** What plants each code of a replacement of live. */
export const cutoverCases: readonly (readonly [string, string, Partial<CutoverRuleFacts>])[] = [
  ['service-unknown', 'blocking', { cutover: cutoverFacts({ service: null }) }],
  ['fence-impossible', 'blocking', { cutover: cutoverFacts({ hba: null }) }],
  ['fence-impossible', 'blocking', { cutover: cutoverFacts({ hba: hba({ unsupported: 'no rule for barman' }) }) }],
  ['scratch-elsewhere', 'blocking', { cutover: cutoverFacts({ besideOnSameFilesystem: false }) }],
  ['cutover-left-open', 'blocking', { cutover: cutoverFacts({ fencedBy: '01m83wec9s5hpknax5fqgkq4z2' }) }],
  ['cutover-left-open', 'blocking', { cutover: cutoverFacts({ heldBy: '01m83wec9s5hpknax5fqgkq4z2' }) }],
  ['undone-ddl', 'warning', { undoneDdl: 3 }],
  [
    'writes-by-itself',
    'warning',
    {
      host: { ...liveHost, live: live({ settings: { shared_preload_libraries: 'auto_explain, "$libdir/pg_cron"' } }) },
    },
  ],
  [
    'extract-instead',
    'info',
    {
      destroyed: {
        xid: 901,
        database: 'shop',
        tables: ['public.invoices'],
        target: { type: 'before-transaction', xid: 901 },
      },
    },
  ],
];
