import { expect } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { type RunBody } from './barback-client.ts';

export const newestProbe = {
  name: 'newest',
  database: 'system',
  sql: 'SELECT customer FROM orders ORDER BY id DESC LIMIT 1',
};

export const formatsProbe = {
  name: 'formats',
  database: 'system',
  sql: "SELECT DISTINCT customer FROM orders WHERE customer IN ('gzip', 'bzip2', 'xz', 'zstd', 'lz4') ORDER BY 1",
};

export function expectProven(run: RunBody, manifest: 'verified' | 'absent'): void {
  if (run.state !== 'succeeded') throw new Error(`the drill did not succeed: ${JSON.stringify(run, null, 1)}`);
  expect(run.result?.manifest).toBe(manifest);
}

export function rowsOf(run: RunBody, name: string): unknown[] {
  const probe = run.result?.probes.find((one) => one.name === name);
  return (probe?.rows ?? []).map((row) => row['customer']);
}

export async function archiverOf(lab: Lab): Promise<{ archived: boolean; failed: boolean }> {
  const answer = await sql(lab.postgres, 'SELECT archived_count > 0, failed_count > 0 FROM pg_stat_archiver');
  const [archived, failed] = answer.split('|');
  return { archived: archived === 't', failed: failed === 't' };
}
