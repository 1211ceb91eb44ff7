import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { whyNotDebian13 } from '../../scripts/debian/run-debian-13.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { carryOutWell, planUndo } from '../support/cutover-client.ts';
import type { DebianHost } from '../support/debian-host.ts';
import { importState, planImport } from '../support/import-client.ts';
import { settledLab } from '../support/settled-lab.ts';
import { standbyOfVersion } from '../support/standby-of-version.ts';
import { needsDebianTree } from '../support/needs-root.ts';

describe('a source of another major version', () => {
  beforeEach(needsDebianTree);

  let lab: Lab;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    if (whyNotDebian13() !== undefined) return;
    await ensureRequirements({ programs: { debootstrap: 'debootstrap', unshare: 'util-linux', ip: 'iproute2' } });
    const settled = await settledLab();
    stops.push(settled.stop);
    ({ lab } = settled);
    await sql(lab.postgres, 'CREATE ROLE smartsapp', 'postgres');
  });
  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  async function source(suite: 'bullseye' | 'trixie'): Promise<DebianHost> {
    const host = await standbyOfVersion(lab, suite);
    stops.push(() => host.destroy());
    return host;
  }

  test('that is newer than live is refused before anything is dumped (17)', async () => {
    await source('trixie');
    expect(lab.postgres.version).toBeLessThan(17);
    const before = await importState(lab);
    const plan = await planImport(lab);
    const severe = plan.findings.filter(({ severity }) => severity === 'blocking');
    expect([plan.state, severe.map(({ code }) => code)]).toEqual(['blocked', ['import-version']]);
    expect(severe[0]?.detail).toMatch(/^The source runs PostgreSQL 17\.\d+.*; pg_dump 15 of this server refuses it/);
    expect(await importState(lab)).toEqual(before);
  });

  test('that is older becomes live with every row, and is undone (13)', async () => {
    await source('bullseye');
    const run = await carryOutWell(lab, await planImport(lab));
    expect(await sql(lab.postgres, 'SELECT count(*), max(id) FROM customers')).toBe('500|500');
    expect(await sql(lab.postgres, 'SELECT count(*) FROM billing.invoices')).toBe('500');
    expect(await sql(lab.postgres, "SELECT nextval('customers_id_seq')")).toBe('901');
    await carryOutWell(lab, await planUndo(lab, run));
    expect(await sql(lab.postgres, 'SELECT count(*) FROM customers')).toBe('20');
  });
});
