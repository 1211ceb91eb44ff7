import { archiveWal } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { openBox } from '../support/box.ts';
import { mirrorWell } from '../support/mirror-client.ts';
import type { Figure } from './figures.ts';

/** The first mirror of a lab to a box on the same machine, then one for each new segment of WAL. */
export async function mirrorFigures(lab: Lab, rounds: number, sizeMb: number): Promise<readonly Figure[]> {
  await openBox(lab);
  const first = await seconds(() => mirrorWell(lab));
  await sql(lab.postgres, 'CREATE TABLE IF NOT EXISTS mirrored (at timestamptz)');
  const later: number[] = [];
  const sent: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await sql(lab.postgres, 'INSERT INTO mirrored VALUES (now())');
    await archiveWal({ postgres: lab.postgres, barman: lab.barman });
    later.push(
      await seconds(async () => {
        const { push } = await mirrorWell(lab);
        sent.push((push?.bytesSent ?? 0) / 1e6);
      }),
    );
  }
  return [
    { what: `the first mirror of ${sizeMb} MB`, unit: 's', samples: [first] },
    {
      what: 'a mirror with one new segment, planned, sent, vault compared',
      unit: 's',
      samples: later,
      budget: { atMost: 15 },
    },
    { what: '… of which was sent', unit: 'MB', samples: sent },
  ];
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
