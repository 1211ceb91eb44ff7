import { z } from 'zod';

const value = z.int().nonnegative();

/** What a server must have at least to replay WAL as a hot standby (PostgreSQL 12–18, CheckRequiredParameterValues). */
export const capacitySchema = z.strictObject({
  maxConnections: value,
  maxWorkerProcesses: value,
  maxWalSenders: value,
  maxPreparedTransactions: value,
  maxLocksPerTransaction: value,
});

export type Capacity = z.infer<typeof capacitySchema>;

export const noCapacity: Capacity = {
  maxConnections: 0,
  maxWorkerProcesses: 0,
  maxWalSenders: 0,
  maxPreparedTransactions: 0,
  maxLocksPerTransaction: 0,
};

/** The larger of each. */
export function largestCapacity(all: readonly Capacity[]): Capacity {
  return all.reduce(
    (one, other) => ({
      maxConnections: Math.max(one.maxConnections, other.maxConnections),
      maxWorkerProcesses: Math.max(one.maxWorkerProcesses, other.maxWorkerProcesses),
      maxWalSenders: Math.max(one.maxWalSenders, other.maxWalSenders),
      maxPreparedTransactions: Math.max(one.maxPreparedTransactions, other.maxPreparedTransactions),
      maxLocksPerTransaction: Math.max(one.maxLocksPerTransaction, other.maxLocksPerTransaction),
    }),
    noCapacity,
  );
}

/** Of the fields of a PARAMETER_CHANGE record as pg_waldump prints them (PostgreSQL 12–18, xlogdesc.c). */
export function recordedCapacity(settings: Readonly<Record<string, string>>): Capacity {
  return capacitySchema.parse({
    maxConnections: Number(settings['max_connections']),
    maxWorkerProcesses: Number(settings['max_worker_processes']),
    maxWalSenders: Number(settings['max_wal_senders']),
    maxPreparedTransactions: Number(settings['max_prepared_xacts']),
    maxLocksPerTransaction: Number(settings['max_locks_per_xact']),
  });
}
