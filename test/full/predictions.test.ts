import type { Readiness } from '@barback/api/readiness/readiness-view.ts';
import { expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { request, runDrill } from '../support/barback-client.ts';
import { settledLab } from '../support/settled-lab.ts';

async function predicted(lab: Lab): Promise<NonNullable<NonNullable<Readiness['restoreNow']>['seconds']>> {
  const { json } = await request(lab, 'GET', `/v1/servers/${lab.server}/drills`);
  const seconds = (json as Readiness).restoreNow?.seconds ?? null;
  if (seconds === null) throw new Error(`nothing is predicted: ${JSON.stringify(json)}`);
  return seconds;
}

async function drill(lab: Lab): Promise<number> {
  const run = await runDrill(lab, { type: 'latest' });
  const seconds = run.result?.rtoSeconds ?? null;
  if (run.state !== 'succeeded' || seconds === null)
    throw new Error(`the drill failed: ${JSON.stringify(run.problem)}`);
  return seconds;
}

/** So that the drills differ: some with much more WAL to replay, some with a larger database. */
const growth = [0, 20_000, 0, 60_000, 5_000, 120_000, 0, 40_000, 10_000, 80_000];

test('at least eight of ten later drills of varying size take as long as was shown before them', async () => {
  const { lab, stop } = await settledLab({ sizeMb: 100 });
  try {
    await sql(lab.postgres, 'CREATE TABLE growing (id bigserial, filler text)');
    for (let earlier = 0; earlier < 3; earlier += 1) await drill(lab);
    const outcomes: { min: number; max: number; took: number }[] = [];
    for (const rows of growth) {
      await sql(
        lab.postgres,
        `INSERT INTO growing (filler) SELECT repeat(md5(i::text), 8) FROM generate_series(1, ${rows}) i`,
      );
      await sql(lab.postgres, 'SELECT pg_switch_wal()');
      const { min, max } = await predicted(lab);
      outcomes.push({ min, max, took: await drill(lab) });
    }
    const within = outcomes.filter(({ min, max, took }) => min <= took && took <= max);
    expect(within.length, JSON.stringify(outcomes, null, 1)).toBeGreaterThanOrEqual(8);
  } finally {
    await stop();
  }
});
