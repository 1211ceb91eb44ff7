import { recoveryFindings, type Entry } from './recovery-catalogue.ts';

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
  'space-barman': {
    severities: ['info', 'blocking'],
    why: 'The base backup that ends a restore of live fails for want of room, and with it every later restore.',
  },
  'data-directory-mount': {
    severities: ['info', 'blocking'],
    why: 'A mount point cannot be renamed, so nothing can take its place.',
  },
  'data-directory-symlink': {
    severities: ['info', 'blocking'],
    why: 'A copy does not follow the link, so its files or its WAL fill another filesystem than those of live; and a link cannot be exchanged with a directory.',
  },
  'clock-offset': {
    severities: ['info', 'confirm'],
    why: 'A time that a person read from another clock names another transaction.',
  },
  'backup-foreign': {
    severities: ['blocking'],
    why: 'WAL of one cluster cannot be replayed over the files of another: recovery ends at once, or the state is not that of this server.',
  },
  'wal-gap': {
    severities: ['blocking'],
    why: 'Recovery ends at the first WAL segment that is missing or cannot be read, with whatever was there before.',
  },
  'tablespace-created': {
    severities: ['blocking'],
    why: 'Replay creates the tablespace where the record says, in the directory of live, which it would overwrite or fail on.',
  },
  'wal-level-minimal': {
    severities: ['blocking'],
    why: 'Recovery ends at that record: what was changed under wal_level=minimal is not all in WAL.',
  },
  'index-behind': {
    severities: ['warning'],
    why: 'A hole in WAL that was not read yet is found only when the copy is made.',
  },
  'abandoned-branch': {
    severities: ['warning'],
    why: 'The restored state has none of what was written since the restore that left the branch behind.',
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
  'streaming-stopped': {
    severities: ['confirm', 'warning'],
    why: 'What live commits from now on exists only in its own pg_wal; a restore cannot reach it.',
  },
  'slot-missing': {
    severities: ['confirm', 'warning'],
    why: 'Live removes WAL that Barman has not received: a hole that no restore passes.',
  },
  'slot-runaway': {
    severities: ['warning'],
    why: 'pg_wal grows until the disk is full, which stops live (PANIC); or live takes the WAL away, and its reader can never go on.',
  },
  'archiver-failing': {
    severities: ['confirm', 'warning'],
    why: 'WAL stays in pg_wal: a restore cannot reach what is in it, and the disk fills.',
  },
  'cron-stale': {
    severities: ['confirm', 'warning'],
    why: 'Once receive-wal ends, nothing starts it again, and WAL is not archived.',
  },
  'live-in-recovery': {
    severities: ['blocking', 'info'],
    why: 'A standby cannot switch WAL or mark it, and replacing it does not take back what the primary has committed.',
  },
  'ha-manager': {
    severities: ['blocking', 'confirm', 'info'],
    why: 'When live stops, the manager starts it again or promotes a standby: two servers then take writes.',
  },
  standbys: {
    severities: ['confirm', 'info'],
    why: 'A standby that is ahead of the restored server cannot follow it and goes on to serve what was undone.',
  },
  'synchronous-names': {
    severities: ['confirm', 'info'],
    why: 'No synchronous standby follows the restored server: every commit there waits for ever.',
  },
  'walsenders-lagging': {
    severities: ['blocking', 'info'],
    why: 'A fast stop of live waits until every client has confirmed all WAL: the outage does not end.',
  },
  'prepared-transactions': {
    severities: ['confirm', 'info'],
    why: 'Transactions in doubt hold their locks in the restored server until somebody ends them.',
  },
  'unlogged-tables': {
    severities: ['confirm', 'info'],
    why: 'Rows of unlogged tables are in no WAL: the restored tables are empty.',
  },
  'logical-slots': {
    severities: ['confirm', 'info'],
    why: 'A restored server has no logical slots: their readers lose their place.',
  },
  'logical-replication': {
    severities: ['confirm', 'info'],
    why: 'Subscribers keep what was undone; a subscription of the restored server takes what the first one still needs.',
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
  'live-not-primary': {
    severities: ['blocking'],
    why: 'A slot is dropped and made, and a WAL segment closed, on a primary that answers.',
  },
  'slot-in-use': {
    severities: ['blocking'],
    why: 'PostgreSQL does not drop a slot that is in use, and whoever reads WAL through it would lose its place.',
  },
  'slot-healthy': {
    severities: ['confirm'],
    why: 'Renewing a slot through which Barman receives WAL makes a hole that no older backup can be restored across.',
  },
  'slot-unknown': {
    severities: ['blocking'],
    why: 'A slot that the options name does not exist, so another one may be meant.',
  },
  'slot-for-good': {
    severities: ['confirm'],
    why: 'Whoever used a slot that is dropped, a standby or a subscription, cannot go on from where it was.',
  },
  'backup-space': {
    severities: ['blocking'],
    why: 'A base backup that fills the filesystem of Barman ends receive-wal too, and on that of live it stops live (PANIC).',
  },
  'service-unknown': {
    severities: ['blocking'],
    why: 'Live is stopped and started by the means that its host uses for it, and no other.',
  },
  'fence-impossible': {
    severities: ['blocking'],
    why: 'An application that gets in during the swap writes into a cluster that is about to be put aside.',
  },
  'scratch-elsewhere': {
    severities: ['blocking'],
    why: 'Moving a copy between filesystems takes as long as copying it, in the middle of the outage.',
  },
  'cutover-left-open': {
    severities: ['blocking'],
    why: 'What an interrupted restore left would be taken for the work of this one.',
  },
  'extract-instead': {
    severities: ['info'],
    why: 'Everything that was written since is undone for the sake of one table.',
  },
  'writes-by-itself': {
    severities: ['warning'],
    why: 'A fence in pg_hba.conf keeps connections out; a worker of the server needs none.',
  },
  'undone-ddl': {
    severities: ['warning'],
    why: 'An application that migrates at its start runs the bad migration again.',
  },
  'live-down': {
    severities: ['info'],
    why: 'Rows cannot be compared with live, and libraries that only live knows are not loaded; the drill works without.',
  },
  ...recoveryFindings,
} as const satisfies Record<string, Entry>;

export type FindingCode = keyof typeof findingCatalogue;
