import { ProblemError } from '@barback/shared/wire/problem.ts';

/** The fields of `pg_controldata` that decide something; labels as printed with LC_ALL=C (PostgreSQL 12–18). */
export interface ControlData {
  readonly systemIdentifier: string;
  readonly state: string;
  /** Where the latest checkpoint's record begins. */
  readonly checkpointLsn: string;
  readonly redoLsn: string;
  readonly timeline: number;
  readonly minRecoveryEnd: string;
  readonly segmentBytes: number;
  readonly maxConnections: number;
  readonly maxWorkerProcesses: number;
  readonly maxWalSenders: number;
  readonly maxPreparedTransactions: number;
  readonly maxLocksPerTransaction: number;
  readonly checksums: boolean;
}

export function parseControlData(text: string): ControlData {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([^:]+):\s*(.*)$/.exec(line);
    if (match) fields.set(match[1] ?? '', match[2] ?? '');
  }
  const read = (label: string): string => {
    const value = fields.get(label);
    if (value === undefined) throw unreadable(`"${label}" is missing`);
    return value;
  };
  const integer = (label: string): number => {
    const value = Number(read(label));
    if (!Number.isSafeInteger(value)) throw unreadable(`"${label}" is ${JSON.stringify(read(label))}`);
    return value;
  };
  return {
    systemIdentifier: read('Database system identifier'),
    state: read('Database cluster state'),
    checkpointLsn: read('Latest checkpoint location'),
    redoLsn: read("Latest checkpoint's REDO location"),
    timeline: integer("Latest checkpoint's TimeLineID"),
    minRecoveryEnd: read('Minimum recovery ending location'),
    segmentBytes: integer('Bytes per WAL segment'),
    maxConnections: integer('max_connections setting'),
    maxWorkerProcesses: integer('max_worker_processes setting'),
    maxWalSenders: integer('max_wal_senders setting'),
    maxPreparedTransactions: integer('max_prepared_xacts setting'),
    maxLocksPerTransaction: integer('max_locks_per_xact setting'),
    checksums: integer('Data page checksum version') > 0,
  };
}

function unreadable(reason: string): ProblemError {
  return new ProblemError('postgres-failed', `cannot read the output of pg_controldata: ${reason}`, {
    next: 'check that postgres.binDirectory has the version of the data directory',
  });
}
