import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { listBackups } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { carryOutWell, cutoverOf, planPointInTime } from '../support/cutover-client.ts';
import type { Figure } from './figures.ts';
import { writingClient, type WritingClient } from './interruption.ts';
import { restoreByRunbook } from './runbook-by-script.ts';

const hour = 3_600_000;
const instant = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')`;

/** What a writing client feels of a restore of live, by Barback and, last because it leaves Barman behind, by the runbook. */
export async function outageFigures(lab: Lab, rounds: number, sizeMb: number): Promise<Figure[]> {
  await sql(lab.postgres, 'CREATE TABLE ticks (id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())');
  await sql(lab.postgres, 'GRANT ALL ON ticks, ticks_id_seq TO app');
  const client = writingClient(lab.postgres, 'ticks');
  try {
    const felt: number[] = [];
    const told: number[] = [];
    const down: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const time = await aMomentAgo(lab, client);
      const target = { type: 'time', time: `${time.replace(' ', 'T')}Z` };
      const plan = await poll('a plan', 60_000, () => planPointInTime(lab, target).catch(() => undefined));
      client.longestSilence();
      const run = await carryOutWell(lab, plan, hour);
      await written(client, 20);
      felt.push(client.longestSilence());
      const { outage, downSeconds } = cutoverOf(run);
      told.push(outage.seconds ?? Number.NaN);
      down.push(downSeconds ?? Number.NaN);
      await removeKept(lab);
      await keepNewestBackup(lab);
    }
    const time = await aMomentAgo(lab, client);
    client.longestSilence();
    await restoreByRunbook(lab, `${time}+00:00`);
    await written(client, 20);
    const byRunbook = client.longestSilence();
    const of = `${sizeMb} MB`;
    const seconds = { unit: 's', budget: { atMost: 3 } } as const;
    return [
      { what: `outage that a writing client feels, ${of}, Barback`, samples: felt, ...seconds },
      { what: `… as the run tells it: from the fence to the opening`, samples: told, ...seconds },
      { what: '… of which live is down', samples: down, ...seconds },
      {
        what: `outage that a writing client feels, ${of}, corrected runbook by a script`,
        unit: 's',
        samples: [byRunbook],
      },
    ];
  } finally {
    await client.close();
  }
}

async function aMomentAgo(lab: Lab, client: WritingClient): Promise<string> {
  await written(client, 50);
  const time = (await sql(lab.postgres, instant)).trim();
  await written(client, 50);
  return time;
}

async function written(client: WritingClient, more: number): Promise<void> {
  const wanted = client.commits() + more;
  await poll(`${more} more commits`, 120_000, () => (client.commits() >= wanted ? true : undefined));
}

/** Of the lab alone: a person accepts them, and the disk of a bench has no room for all. */
async function removeKept(lab: Lab): Promise<void> {
  const { dataDir } = lab.postgres;
  const parent = path.dirname(dataDir);
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${path.basename(dataDir)}.before-`)) await rm(path.join(parent, name), { recursive: true });
  }
}

/** For the same reason: each round leaves a base backup of the whole. */
async function keepNewestBackup({ barman, server }: Lab): Promise<void> {
  for (const { id } of (await listBackups(barman)).slice(1)) {
    await mustRun([...barman.argv, 'delete', server, id], { limitMs: hour });
  }
}
