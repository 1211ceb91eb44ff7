import type { Finding } from './plan-document.ts';

interface Entry {
  readonly severities: readonly Finding['severity'][];
  /** What ignoring it would lead to. */
  readonly why: string;
}

/** Every finding that a plan can have; docs/findings.md is made from it. */
export const findingCatalogue = {
  'barman-unsupported': {
    severities: ['blocking'],
    why: 'Barman on this host works in a way that Barback does not know how to use safely.',
  },
  'backup-unsupported': {
    severities: ['blocking'],
    why: 'The backup is incremental, encrypted, a snapshot or of another kind that Barback cannot restore yet.',
  },
  'backup-not-done': {
    severities: ['blocking'],
    why: 'Files or WAL of the backup may be missing; Barman restores such a backup with a mere warning.',
  },
  'postgres-major-differs': {
    severities: ['blocking'],
    why: 'PostgreSQL refuses a data directory of another major version.',
  },
  space: {
    severities: ['blocking'],
    why: 'The copy would fill the filesystem; a full filesystem under pg_wal stops live (PANIC).',
  },
  'wal-gap': {
    severities: ['blocking', 'confirm'],
    why: 'Recovery ends at the first missing WAL segment. Confirm means: the target may lie before the hole; if not, the run fails.',
  },
  'system-identifier': {
    severities: ['confirm'],
    why: 'Live is not the cluster that the last plan saw, so its backups may be of a cluster that is gone.',
  },
  'version-untested': {
    severities: ['confirm'],
    why: 'No test of Barback runs this pair of PostgreSQL and Barman; what they print may be unknown.',
  },
  'other-run': {
    severities: ['warning'],
    why: 'Only one run works on a server at a time; starting is refused until the other has ended.',
  },
  'preload-library-skipped': {
    severities: ['warning'],
    why: 'Replay of records of a custom resource manager, or a probe, may need a library that the copy does not load.',
  },
  'manifest-absent': {
    severities: ['warning'],
    why: 'Without a manifest nothing tells whether a restored file is the one that was backed up.',
  },
  'probe-role-missing': {
    severities: ['info'],
    why: 'Given SQL never runs as a superuser, so it waits until the role can be made in the promoted copy.',
  },
  'live-down': {
    severities: ['info'],
    why: 'Settings of live cannot be read and its rows not compared; the drill works without.',
  },
} as const satisfies Record<string, Entry>;

export type FindingCode = keyof typeof findingCatalogue;
