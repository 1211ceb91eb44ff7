import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { StandbyImportResult } from '@barback/api/scenarios/import-result.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { asUser, mustRun } from '../lab/run-command.ts';
import { carryOutWell } from '../support/cutover-client.ts';
import { planImport } from '../support/import-client.ts';
import { configureImport, startManagedStandby, type ManagedStandby } from '../support/managed-standby.ts';
import type { Figure } from './figures.ts';

const hour = 3_600_000;
/** As the lab's sample data: eight rows to a page. */
const rowsPerMb = 1024;

/** The same dump and load by hand and by Barback, in turns, with the same options and as many processes. */
export async function importFigures(lab: Lab, rounds: number, sizeMb: number): Promise<readonly Figure[]> {
  const standby = await startManagedStandby(lab);
  await configureImport(lab, standby);
  await sql(lab.postgres, 'CREATE ROLE smartsapp', 'postgres');
  await standby.sql(
    `SET ROLE smartsapp; CREATE TABLE filler (id bigint PRIMARY KEY, body text NOT NULL);
     INSERT INTO filler SELECT n, repeat(md5(n::text), 29) FROM generate_series(1, ${sizeMb * rowsPerMb}) n`,
  );
  const hand: number[] = [];
  const barback: number[] = [];
  const whole: number[] = [];
  const outage: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    hand.push(await seconds(() => byHand(lab, standby)));
    const began = performance.now();
    const run = await carryOutWell(lab, await planImport(lab), hour);
    whole.push((performance.now() - began) / 1000);
    const { dump, load, exchange } = run.result as unknown as StandbyImportResult;
    barback.push((dump?.seconds ?? Number.NaN) + (load?.seconds ?? Number.NaN));
    outage.push(exchange.outageSeconds ?? Number.NaN);
    await sql(lab.postgres, `DROP DATABASE "${exchange.kept}"`, 'postgres');
  }
  return [
    { what: `${sizeMb} MB dumped and loaded by hand: pg_dump, pg_restore`, unit: 's', samples: hand },
    { what: '… by Barback: counted on both sides, compared and analyzed', unit: 's', samples: barback },
    {
      what: '… speed of Barback for that of the bare programs',
      unit: 'ratio',
      samples: hand.map((one, index) => one / (barback[index] ?? Number.NaN)),
      // Of little, the starts of programs are most of it.
      ...(sizeMb < 1_000 ? {} : { budget: { atLeast: 0.9 } }),
    },
    { what: '… the whole run, with plan and base backup', unit: 's', samples: whole },
    { what: '… in which nobody gets into the database', unit: 's', samples: outage, budget: { atMost: 3 } },
  ];
}

async function byHand(lab: Lab, { port, caFile, passwordFile }: ManagedStandby): Promise<void> {
  const { binDir, host, port: livePort } = lab.postgres;
  const user = process.geteuid?.() === 0 ? lab.barman.osUser : undefined;
  const parent = await mkdtemp('/var/tmp/barback-by-hand-');
  // libpq looks for a certificate of the user below its home.
  const env = { PGPASSFILE: passwordFile, HOME: parent };
  const run = (argv: readonly string[]) => mustRun(asUser(user, argv), { limitMs: hour, env });
  if (user !== undefined) await mustRun(['chown', `${user}:`, parent]);
  const directory = path.join(parent, 'dump');
  try {
    const from = `host=127.0.0.1 port=${port} user=doadmin dbname=defaultdb sslmode=verify-full sslrootcert=${caFile}`;
    await run([`${binDir}/pg_dump`, '-Fd', '-j1', '-Z1', '-f', directory, '-d', from]);
    await sql(lab.postgres, 'CREATE DATABASE by_hand OWNER app TEMPLATE template0', 'postgres');
    const to = `host=${host} port=${livePort} user=app dbname=by_hand`;
    await run([`${binDir}/pg_restore`, '-j1', '--exit-on-error', '--no-owner', '-d', to, directory]);
  } finally {
    await sql(lab.postgres, 'DROP DATABASE IF EXISTS by_hand', 'postgres');
    await rm(parent, { recursive: true });
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
