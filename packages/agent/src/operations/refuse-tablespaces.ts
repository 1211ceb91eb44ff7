import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { StagedRecords } from './staged-records.ts';

/**
 * Refuses WAL in which a tablespace is created: replay makes it where the record says (PostgreSQL, tablespace.c,
 * create_tablespace_directories), which is the directory that live uses. Where copies run with rights to it, they would write
 * over production; elsewhere replay fails in the middle.
 */
export function refuseTablespaces({ created }: StagedRecords): void {
  const [found] = created;
  if (!found) return;
  throw new ProblemError(
    'tablespace-created',
    `the WAL creates a tablespace at ${found.path} (LSN ${found.lsn}), behind the begin of the backup: replay would use that very directory`,
    {
      next: 'make a base backup and choose a target behind its end, or a target before the tablespace was created',
      facts: { path: found.path, lsn: found.lsn, oid: found.oid },
    },
  );
}
