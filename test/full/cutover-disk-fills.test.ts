import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sql } from '../lab/psql.ts';
import { endOf, request, startRun, stepOf, waitForRun } from '../support/barback-client.ts';
import { carryOutWell, momentOf, planPointInTime } from '../support/cutover-client.ts';
import { withSmallDisk } from '../support/small-disk.ts';
import { needsRoot } from '../support/needs-root.ts';

test('a disk that fills up while live is being restored ends the run before live is touched; with room again it succeeds', async (context) => {
  needsRoot(context, 'a filesystem of its own is mounted');
  await withSmallDisk(async (lab, fill) => {
    const order = (customer: string) =>
      sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${customer}', 1)`);
    const mine =
      "SELECT string_agg(customer, ',' ORDER BY id) FROM orders WHERE customer IN ('kept', 'undone', 'later')";
    await order('kept');
    const time = await momentOf(lab);
    await order('undone');
    const run = await startRun(lab, await planPointInTime(lab, { type: 'time', time }, { bandwidthKBps: 10_000 }));
    await waitForRun(lab, run.id, (one) => (stepOf(one, 'recover').progress?.bytes ?? 0) > 0);
    const ballast = await fill();
    const done = await endOf(lab, run.id);
    expect({ state: done.state, type: done.problem?.type, live: done.liveDatabase }).toEqual({
      state: 'failed',
      type: 'urn:barback:problem:insufficient-space',
      live: 'old-running',
    });
    expect(stepOf(done, 'fence').state).toBe('skipped');
    const said = (await request(lab, 'GET', `/v1/runs/${run.id}.txt`)).text;
    expect(said).toContain('the live database is running, as it was');
    await order('later');
    expect(await sql(lab.postgres, mine)).toBe('kept,undone,later');
    await rm(ballast);
    await carryOutWell(lab, await planPointInTime(lab, { type: 'time', time }));
    expect(await sql(lab.postgres, mine)).toBe('kept');
  });
});
