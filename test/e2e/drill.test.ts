import { writeFile } from 'node:fs/promises';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { refusedDrill, request, runDrill, type RunBody } from '../support/barback-client.ts';
import { settledLab } from '../support/settled-lab.ts';
import { verifyExport } from '../support/verify-export.ts';
import { worldOf } from '../support/world.ts';
import { momentOf } from '../support/cutover-client.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab({ tablespace: true, alterSystem: hostileSettings }));
});

afterAll(() => stop());

/** T1: once in the backup's postgresql.auto.conf, each of these would break a copy's isolation. */
const hostileSettings = {
  archive_mode: 'on',
  archive_command: 'touch /tmp/barback-archived-by-a-copy',
  listen_addresses: '*',
  shared_preload_libraries: 'auto_explain',
  synchronous_standby_names: 'nobody',
  recovery_target_name: 'left over from an earlier restore',
  restore_command: 'false',
};

describe('a drill on real PostgreSQL and Barman', () => {
  test('of target immediate proves the end of the base backup and changes nothing of the world', async () => {
    const before = await worldOf(lab);
    const names = Object.keys(hostileSettings).map((name) => `'${name}'`);
    const text = `SELECT name, setting FROM pg_settings WHERE name IN (${names.join()}) ORDER BY name`;
    const probe = { name: 'settings', database: 'postgres', sql: text };
    const run = await runDrill(lab, { type: 'immediate' }, { amcheck: 'tables', probes: [probe] });
    expectProven(run);
    const hostile = Object.entries(hostileSettings).map(([name, setting]) => ({ name, setting }));
    const settings = probeOf(run, 'settings').rows as { name: string; setting: string }[];
    expect(settings.length).toBeGreaterThanOrEqual(5);
    for (const setting of settings) expect(hostile).not.toContainEqual(setting);
    expect(settings).toContainEqual({ name: 'archive_mode', setting: 'off' });
    expect(settings).toContainEqual({ name: 'listen_addresses', setting: '' });
    // Whatever committed after the end of the backup is not in it: the marker that closed its last segment, at least.
    expect(run.result?.firstSkipped).not.toBeNull();
    expect(run.liveDatabase).toBe('old-running');
    expect(await worldOf(lab)).toEqual(before);
  });

  test('of target latest includes rows that exist only in streaming/*.partial', async () => {
    await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('only in the partial segment', 4711)");
    const before = await worldOf(lab);
    const probe = { name: 'newest', database: 'system', sql: 'SELECT customer FROM orders ORDER BY id DESC LIMIT 1' };
    const run = await runDrill(lab, { type: 'latest' }, { probes: [probe], amcheck: 'all' });
    expectProven(run);
    expect(probeOf(run, 'newest').rows).toEqual([{ customer: 'only in the partial segment' }]);
    expect(run.result?.lastReplayed).not.toBeNull();
    expect(run.result?.firstSkipped).toBeNull();
    expect(await worldOf(lab)).toEqual(before);
  });

  test('of a target time stops between two commits and names both', async () => {
    const kept = await commit('kept');
    const moment = await momentOf(lab);
    const undone = await commit('undone');
    const probe = {
      name: 'which',
      database: 'system',
      sql: "SELECT customer FROM orders WHERE customer IN ('kept','undone')",
    };
    const run = await runDrill(lab, { type: 'time', time: moment }, { probes: [probe] });
    expectProven(run);
    expect(run.result?.lastReplayed?.xid).toBe(kept);
    expect(run.result?.firstSkipped?.xid).toBe(undone);
    expect(probeOf(run, 'which').rows).toEqual([{ customer: 'kept' }]);
    const report = await request(lab, 'GET', `/v1/runs/${run.id}/report.txt`);
    expect(report.text).toContain(String(kept));
    expect(report.text).toContain(String(undone));
  });

  test('whose target no commit reaches is refused at planning with the nearest that is, and nothing is touched', async () => {
    const before = await worldOf(lab);
    const moment = await momentOf(lab);
    const refused = await refusedDrill(lab, { type: 'time', time: moment });
    expect(refused.type).toBe('urn:barback:problem:target-unreachable');
    expect(refused.detail).toContain('recovery would end before the target');
    expect(refused.next).toContain('"type":"xid"');
    expect(await worldOf(lab)).toEqual(before);
  });

  test('leaves an audit trail that verifies offline, and an export changed by one byte that does not', async () => {
    const exported = await request(lab, 'GET', '/v1/audit/export', { role: 'admin' });
    expect(verifyExport(exported.text)).toMatchObject({ ok: true });
    const middle = Math.floor(exported.text.length / 2);
    const altered = `${exported.text.slice(0, middle)}${exported.text[middle] === 'x' ? 'y' : 'x'}${exported.text.slice(middle + 1)}`;
    expect(verifyExport(altered)).toMatchObject({ ok: false });
  });

  test('is held to a check that catches a stray write in the live data directory and in the tablespace', async () => {
    const before = await worldOf(lab);
    for (const directory of [lab.postgres.dataDir, lab.postgres.tablespaceDir as string]) {
      const stray = path.join(directory, 'stray');
      await writeFile(stray, 'x');
      expect(await worldOf(lab)).not.toEqual(before);
      await rm(stray);
      // The directory's own entry is compared by inode and mode, so that removing the file restores equality.
      expect(await worldOf(lab)).toEqual(before);
    }
  });
});

async function commit(customer: string): Promise<number> {
  const text = `BEGIN; INSERT INTO orders (customer, amount) VALUES ('${customer}', 1); SELECT pg_current_xact_id(); COMMIT;`;
  return Number((await sql(lab.postgres, text)).trim());
}

function expectProven(run: RunBody): void {
  if (run.state !== 'succeeded') throw new Error(`the drill did not succeed: ${JSON.stringify(run, null, 1)}`);
  expect(run.result?.manifest).toBe('verified');
  expect(run.result?.rtoSeconds).toBeGreaterThan(0);
}

function probeOf(run: RunBody, name: string): { ok: boolean; rows: unknown } {
  const probe = run.result?.probes.find((one) => one.name === name);
  if (!probe) throw new Error(`no probe ${name} in ${JSON.stringify(run.result)}`);
  return probe;
}
