import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { Rule } from './rule.ts';

/** What recovery itself trips over in the WAL that it replays. */
const tablespaceCreated: Rule = ({ backup, server, replayed: { tablespaces } }) => {
  const [first] = tablespaces;
  if (first === undefined) return null;
  const more = tablespaces.length === 1 ? '' : `, and ${tablespaces.length - 1} more behind it`;
  return {
    code: 'tablespace-created',
    severity: 'blocking',
    title: 'A tablespace is created in the WAL that would be replayed',
    detail:
      `At LSN ${first.lsn}${before(first.nextEnd)}, behind the begin of backup ${backup.id}, WAL creates a tablespace at ` +
      `${first.path}${more}: replay would use that very directory, which is live's.`,
    remedy: elsewhere(server, first.lsn),
  };
};

/** PostgreSQL 15–17, xlogrecovery.c, CheckRequiredParameterValues: FATAL as soon as the record is replayed. */
const walLevelMinimal: Rule = ({ backup, server, replayed: { minimal } }) => {
  const [first] = minimal;
  if (first === undefined) return null;
  return {
    code: 'wal-level-minimal',
    severity: 'blocking',
    title: 'The server ran with wal_level=minimal in the WAL that would be replayed',
    detail:
      `At LSN ${first.lsn}${before(first.nextEnd)}, behind the begin of backup ${backup.id}, the server was started with ` +
      'wal_level=minimal: recovery ends there, because what was changed meanwhile is not all in WAL.',
    remedy: elsewhere(server, first.lsn),
  };
};

function before(nextEnd: Micros | null): string {
  return nextEnd === null ? '' : ` (before ${formatInstant(nextEnd)})`;
}

function elsewhere(server: string, lsn: string): string {
  const target = JSON.stringify({ type: 'lsn', lsn, inclusive: false });
  return `Choose a target before it (${target} is the last one), or one behind the end of a backup made since: barman backup --wait ${server}`;
}

export const replayRules: readonly Rule[] = [tablespaceCreated, walLevelMinimal];
