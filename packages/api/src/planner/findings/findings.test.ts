import { describe, expect, test } from 'vitest';
import { findingCatalogue } from './catalogue.ts';
import { findingsOf } from './index.ts';
import type { FindingFacts } from './rule.ts';
import { nothingReplayed } from '../replayed-wal.ts';
import { cutoverCases } from '../testing/cutover.ts';
import { importAlways, importCases } from '../testing/import.ts';
import { mirrorCases, vaultCases } from '../testing/mirror.ts';
import { provisionCases } from '../testing/provision.ts';
import { protectionCases } from '../testing/protection.ts';
import {
  clear,
  broken,
  unread,
  tight,
  full,
  roomy,
  shared,
  inodes,
  mounted,
  linked,
  ahead,
  created,
  protectedBy,
  gib,
  idle,
  inactive,
  withoutSlot,
  archiver,
  failing,
  cronAt,
  cronGone,
  toLive,
  managedBy,
  sending,
  standby,
  recovering,
  synchronous,
  silent,
  one,
  holding,
  decoded,
} from '../testing/finding-facts.ts';
import { backup, barmanProtection, host, live, liveProtection, slot } from '../testing/facts.ts';

const cases: readonly (readonly [code: string, severity: string, facts: Partial<FindingFacts>])[] = [
  [
    'barman-unsupported',
    'blocking',
    { host: host({ barman: { version: '3.4.0', supported: null, unsupportedReasons: ['too old'] } }) },
  ],
  ['backup-unsupported', 'blocking', { backup: backup({ unsupportedReasons: ['snapshot'] }) }],
  ['backup-not-done', 'blocking', { backup: backup({ status: 'WAITING_FOR_WALS' }) }],
  ['postgres-major-differs', 'blocking', { backup: backup({ postgresVersionNum: 170_001 }) }],
  ['space', 'blocking', { host: host({ filesystems: full }) }],
  ['space', 'blocking', { host: host({ filesystems: [{ role: 'scratch', ...roomy, freeInodes: inodes - 1 }] }) }],
  [
    'space',
    'blocking',
    { host: host({ filesystems: [{ role: 'wal', ...tight, device: '/dev/b', freeBytes: 1024 ** 3 - 1 }] }) },
  ],
  ['space-barman', 'info', { host: host({ filesystems: shared }) }],
  ['space-barman', 'blocking', { touches: 'live', host: host({ filesystems: shared }) }],
  ['data-directory-mount', 'info', { host: host({ dataDirectory: mounted }) }],
  ['data-directory-mount', 'blocking', { touches: 'live', host: host({ dataDirectory: mounted }) }],
  ['data-directory-symlink', 'info', { host: host({ dataDirectory: linked }) }],
  ['data-directory-symlink', 'info', { host: host({ dataDirectory: { ...linked, linkTo: null } }) }],
  ['data-directory-symlink', 'blocking', { touches: 'live', host: host({ dataDirectory: linked }) }],
  ['clock-offset', 'info', { clock: ahead }],
  ['clock-offset', 'confirm', { clock: { ...ahead, offset: -ahead.offset }, asksForTime: true }],
  ['backup-foreign', 'blocking', { walSystemIdentifier: '7000000000000000002' }],
  ['wal-gap', 'blocking', { reach: broken, isConsistent: false, target: { type: 'immediate' } }],
  ['wal-gap', 'blocking', { reach: broken }],
  ['index-behind', 'warning', { reach: unread }],
  ['abandoned-branch', 'warning', { abandoned: true }],
  [
    'tablespace-created',
    'blocking',
    { replayed: { ...nothingReplayed, tablespaces: [created, { ...created, lsn: '0/6000060' }] } },
  ],
  [
    'wal-level-minimal',
    'blocking',
    { replayed: { ...nothingReplayed, minimal: [{ lsn: '0/5000060', nextEnd: null }] } },
  ],
  ['system-identifier', 'confirm', { earlierSystemIdentifier: '1' }],
  [
    'version-untested',
    'confirm',
    { host: host({ barman: { version: '3.14.0', supported: '3.14', unsupportedReasons: [] } }) },
  ],
  ['other-run', 'warning', { activeRun: { id: 'r', givesWay: false } }],
  [
    'preload-library-skipped',
    'warning',
    {
      host: host({
        live: live({
          settings: { shared_preload_libraries: 'pg_stat_statements, $libdir/auto_explain, "timescaledb"' },
        }),
      }),
    },
  ],
  ['manifest-absent', 'warning', { backup: backup({ manifest: 'absent' }) }],
  ['probe-role-missing', 'info', { host: host({ live: live({ probeRole: false }) }) }],
  ['live-down', 'info', { host: host({ live: null, liveState: 'stopped' }) }],
  ['streaming-stopped', 'warning', { host: inactive }],
  ['streaming-stopped', 'confirm', { host: inactive, ...toLive }],
  [
    'streaming-stopped',
    'warning',
    {
      host: host({
        protection: {
          barman: barmanProtection({ slotName: null }),
          live: liveProtection({ slots: [], walReceivers: ['another'] }),
        },
      }),
    },
  ],
  ['slot-missing', 'warning', { host: withoutSlot }],
  ['slot-missing', 'confirm', { host: withoutSlot, ...toLive }],
  ['slot-runaway', 'warning', { host: protectedBy({ slots: [slot(), { ...idle, retainedBytes: gib + 1 }] }) }],
  [
    'slot-runaway',
    'warning',
    { host: protectedBy({ slotBytesMax: 100, slots: [slot(), { ...idle, retainedBytes: 81 }] }) },
  ],
  [
    'slot-runaway',
    'warning',
    { host: protectedBy({ slots: [slot(), { ...idle, retainedBytes: null, walStatus: 'lost' }] }), ...toLive },
  ],
  ['archiver-failing', 'warning', { host: failing }],
  ['archiver-failing', 'confirm', { host: failing, ...toLive }],
  [
    'archiver-failing',
    'warning',
    { host: protectedBy({ archiver: { ...archiver, lastFailedAt: null, lastFailedWal: null, ready: 33 } }) },
  ],
  ['cron-stale', 'warning', { host: cronGone }],
  ['cron-stale', 'confirm', { host: cronGone, ...toLive }],
  ['cron-stale', 'warning', { host: cronAt(null) }],
  ['live-in-recovery', 'info', { host: recovering }],
  ['live-in-recovery', 'blocking', { host: recovering, ...toLive }],
  ['ha-manager', 'info', { host: managedBy({}) }],
  ['ha-manager', 'blocking', { host: managedBy({}), ...toLive }],
  ['ha-manager', 'blocking', { host: managedBy({ manager: 'repmgrd', paused: null }), ...toLive }],
  ['ha-manager', 'confirm', { host: managedBy({ mark: null, paused: null }), ...toLive }],
  ['ha-manager', 'confirm', { host: managedBy({ pid: null }), ...toLive }],
  ['ha-manager', 'info', { host: managedBy({ paused: true }), ...toLive }],
  ['standbys', 'info', { host: sending(standby) }],
  ['standbys', 'confirm', { host: sending(standby), ...toLive }],
  ['synchronous-names', 'info', { host: synchronous }],
  ['synchronous-names', 'confirm', { host: synchronous, ...toLive }],
  ['walsenders-lagging', 'info', { host: silent }],
  ['walsenders-lagging', 'blocking', { host: silent, ...toLive }],
  ['walsenders-lagging', 'blocking', { host: sending({ lagBytes: gib / 4 + 1 }), ...toLive }],
  ['prepared-transactions', 'info', { host: holding({ preparedTransactions: one }) }],
  ['prepared-transactions', 'confirm', { host: holding({ preparedTransactions: one }), ...toLive }],
  ['unlogged-tables', 'info', { host: holding({ unloggedTables: one }) }],
  ['unlogged-tables', 'confirm', { host: holding({ unloggedTables: one }), ...toLive }],
  ['logical-slots', 'info', { host: decoded }],
  ['logical-slots', 'confirm', { host: decoded, ...toLive }],
  ['logical-replication', 'info', { host: holding({ publications: one }) }],
  ['logical-replication', 'confirm', { host: holding({ subscriptions: one }), ...toLive }],
];

test('a host on which nothing is wrong has no findings', () => {
  expect(findingsOf(clear)).toEqual([]);
});

describe('a finding', () => {
  test('of every code and severity of the catalogue is planted here, or where its plan is made', () => {
    const all = [
      ...cases,
      ...cutoverCases,
      ...protectionCases,
      ...mirrorCases,
      ...vaultCases,
      ...importCases,
      importAlways,
      ...provisionCases,
    ];
    const planted = all.map(([code, severity]) => `${code} ${severity}`);
    const known = Object.entries(findingCatalogue).flatMap(([code, { severities }]) =>
      severities.map((severity) => `${code} ${severity}`),
    );
    expect([...new Set(planted)].toSorted()).toEqual(known.toSorted());
  });

  test.each(cases)('%s (%s) is the only one when its cause is the only one', (code, severity, more) => {
    const found = findingsOf({ ...clear, ...more });
    expect(found.map((one) => [one.code, one.severity])).toEqual([[code, severity]]);
    expect([found[0]?.detail, found[0]?.remedy].join(' ').length).toBeGreaterThan(40);
  });
});

test('room is counted with what deleting live frees, and a restore of live is told of that last resort', () => {
  const cramped = { ...clear, touches: 'live', host: host({ filesystems: full }) } as const;
  expect(findingsOf(cramped).map((one) => one.remedy)).toEqual([expect.stringContaining('"inPlace": true')]);
  expect(findingsOf({ ...cramped, touches: 'copy' })[0]?.remedy).not.toContain('inPlace');
  expect(findingsOf({ ...cramped, freedBytes: 1 })).toEqual([]);
  const elsewhere = [...full, { role: 'data', ...roomy, device: '/dev/b' }];
  expect(findingsOf({ ...cramped, freedBytes: 0, host: host({ filesystems: elsewhere }) })).toHaveLength(1);
});
