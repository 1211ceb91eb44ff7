import { describe, expect, test } from 'vitest';
import { findingCatalogue } from './finding-catalogue.ts';
import { findingsOf, type FindingFacts } from './findings.ts';
import { backup, host, live, wal } from './testing/facts.ts';

const clear: FindingFacts = {
  server: 'main',
  host: host(),
  wal: wal(),
  backup: backup(),
  target: { type: 'latest' },
  reach: { last: '000000010000000000000009', segments: 8, hole: null },
  scratchBytes: 1_000_000,
  walBytes: 1_000_000,
  probes: 1,
  activeRun: null,
  earlierSystemIdentifier: '7000000000000000001',
};
const hole = { first: '000000010000000000000004', last: '000000010000000000000005' };
const before = { last: '000000010000000000000003', segments: 2, hole };
const full = [{ role: 'scratch', device: '/dev/a', totalBytes: 1e10, freeBytes: 1024 ** 3 + 1_999_999, freeInodes: 1 }];

test('a host on which nothing is wrong has no findings', () => {
  expect(findingsOf(clear)).toEqual([]);
});

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
  ['wal-gap', 'blocking', { reach: { last: null, segments: 0, hole } }],
  ['wal-gap', 'blocking', { reach: before }],
  ['wal-gap', 'confirm', { reach: before, target: { type: 'time', micros: 1 } }],
  ['system-identifier', 'confirm', { earlierSystemIdentifier: '1' }],
  [
    'version-untested',
    'confirm',
    { host: host({ barman: { version: '3.13.3', supported: '3.13', unsupportedReasons: [] } }) },
  ],
  ['other-run', 'warning', { activeRun: 'r' }],
  [
    'preload-library-skipped',
    'warning',
    { host: host({ live: live({ settings: { shared_preload_libraries: 'pg_stat_statements, "timescaledb"' } }) }) },
  ],
  ['manifest-absent', 'warning', { backup: backup({ manifest: 'absent' }) }],
  ['probe-role-missing', 'info', { host: host({ live: live({ probeRole: false }) }) }],
  ['live-down', 'info', { host: host({ live: null, liveState: 'stopped' }) }],
];

describe('a finding', () => {
  test('of every code and severity of the catalogue is planted here', () => {
    const planted = cases.map(([code, severity]) => `${code} ${severity}`);
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

  test('of a hole behind the backup does not matter for its own end', () => {
    expect(findingsOf({ ...clear, reach: before, target: { type: 'immediate' } })).toEqual([]);
  });

  test('of space counts the copy, its WAL and the floor, to the byte', () => {
    const enough = full.map((one) => ({ ...one, freeBytes: one.freeBytes + 1 }));
    expect(findingsOf({ ...clear, host: host({ filesystems: enough }) })).toEqual([]);
  });

  test('that blocks comes before those that do not', () => {
    const found = findingsOf({
      ...clear,
      activeRun: 'r',
      backup: backup({ status: 'FAILED' }),
      earlierSystemIdentifier: '1',
    });
    expect(found.map((one) => one.severity)).toEqual(['blocking', 'confirm', 'warning']);
  });
});
