import type { Finding } from '../plan-document.ts';

/** What a finding may weigh, and why it is one. */
export interface Entry {
  readonly severities: readonly Finding['severity'][];
  /** What ignoring it would lead to. */
  readonly why: string;
}

/** Findings of plans that bring a lost server up again, or a database from elsewhere. */
export const recoveryFindings = {
  'old-host': {
    severities: ['confirm'],
    why: 'Two servers that both take writes are worse than none: what each of them has, the other lacks.',
  },
  'old-host-answers': {
    severities: ['blocking'],
    why: 'Two servers that both take writes are worse than none: what each of them has, the other lacks.',
  },
  'provision-forbidden': {
    severities: ['blocking'],
    why: 'What is deleted or replaced takes its data, or the address that others know, with it.',
  },
  'provision-nothing': {
    severities: ['warning'],
    why: 'Nothing is made, and no agent enrols.',
  },
  'databases-here': {
    severities: ['confirm'],
    why: 'The wrong host is replaced.',
  },
  'vault-missing': {
    severities: ['warning'],
    why: 'What the new host lacks is found out by whoever uses it first.',
  },
  'configuration-otherwise': {
    severities: ['warning'],
    why: 'Applications that may not connect, or a server with an eighth of its memory, are found after everything else has succeeded.',
  },
  'configuration-with-secrets': {
    severities: ['warning'],
    why: 'What the vault has only in part would be written as a file that is wrong.',
  },
  'locale-missing': {
    severities: ['blocking'],
    why: 'PostgreSQL refuses every connection to a database whose locale the system does not have.',
  },
  'barman-older': {
    severities: ['blocking'],
    why: 'An older Barman reads a newer catalogue wrongly, or not at all.',
  },
  'collation-changed': {
    severities: ['confirm'],
    why: 'Indexes over text are in an order that this host does not know: rows are not found, and unique values come twice.',
  },
  'library-missing': {
    severities: ['blocking', 'confirm'],
    why: 'PostgreSQL does not start without a library that it loads at its start; functions of other ones fail when they are called.',
  },
  'tablespace-place-missing': {
    severities: ['blocking'],
    why: 'A copy of the tablespace has nowhere to lie.',
  },
  'import-database-missing': {
    severities: ['blocking'],
    why: 'There is nothing that what is imported could take the place of.',
  },
  'import-expired': {
    severities: ['blocking'],
    why: 'A standby that was given up holds something else, or nothing.',
  },
  'import-version': {
    severities: ['blocking'],
    why: 'pg_dump refuses a server that is newer than itself, and an older server does not know what a newer one has.',
  },
  'import-plain': {
    severities: ['warning'],
    why: 'A dump from which rows were taken out is as whole as any other: only who made it can say what was in it.',
  },
  'import-plain-refused': {
    severities: ['blocking'],
    why: 'psql obeys what it reads, takes the end of a file for the end of the rows, and cannot give to others what the role that loads may not.',
  },
  'import-pooled': {
    severities: ['blocking'],
    why: 'A pool hands sessions on: the processes of a parallel dump may not see one snapshot.',
  },
  'import-unreadable': {
    severities: ['blocking'],
    why: 'The dump ends at the first table that it may not read.',
  },
  'import-role': {
    severities: ['blocking'],
    why: 'A dump is a program: what it holds runs with the rights of whoever loads it.',
  },
  'import-role-missing': {
    severities: ['blocking'],
    why: 'The load ends at the first privilege of a role that is not here.',
  },
  'import-extension-missing': {
    severities: ['blocking'],
    why: 'The load ends where an extension is made that this host does not have.',
  },
  'import-extension-untrusted': {
    severities: ['blocking'],
    why: 'The load ends where the role makes an extension that only a superuser may make.',
  },
  'import-encoding': {
    severities: ['confirm'],
    why: 'The load ends at the first text that the encoding here cannot hold.',
  },
  'import-subscriptions': {
    severities: ['blocking'],
    why: 'The worker of a subscription keeps the database from being renamed, and goes on writing to the one that is set aside.',
  },
  'import-left-out': {
    severities: ['warning'],
    why: 'What an event trigger does is not done any more.',
  },
  'import-loss': {
    severities: ['warning'],
    why: 'What was written here since the two parted is not in what takes its place.',
  },
} as const satisfies Record<string, Entry>;
