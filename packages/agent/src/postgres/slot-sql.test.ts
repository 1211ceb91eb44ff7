import { expect, test } from 'vitest';
import { createSlotSql, dropSlotSql, isStreamingSql } from './slot-sql.ts';

test('a slot is dropped only as the very slot that was looked at: name, type, position, and not in use', () => {
  const sql = dropSlotSql({ name: 'barman', type: 'physical', restartLsn: '0/3000000' });
  expect(sql).toContain("slot_name = 'barman' AND slot_type = 'physical' AND NOT active");
  expect(sql).toContain("restart_lsn IS NOT DISTINCT FROM '0/3000000'::pg_lsn");
  expect(dropSlotSql({ name: 'a', type: 'logical', restartLsn: null })).toContain('IS NOT DISTINCT FROM NULL::pg_lsn');
});

test('a slot is created so that it keeps WAL at once', () => {
  expect(createSlotSql('barman')).toContain("pg_create_physical_replication_slot('barman', true)");
});

test('a name from Barman’s configuration is one literal, whatever it holds', () => {
  expect(isStreamingSql("a' OR \\'")).toContain("application_name = E'a'' OR \\\\'''));");
});
