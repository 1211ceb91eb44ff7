import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { LAB_MARK } from '../lab/lab-mark.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { startDetached } from '../lab/run-command.ts';

/** Lets a pg_receivewal that is not Barman's use a slot, and returns what ends it. */
export async function receiveElsewhere(lab: Lab, slot: string): Promise<() => Promise<void>> {
  const directory = path.join(lab.dir, `elsewhere-${slot}`);
  await mkdir(directory, { recursive: true });
  const { binDir, host, port } = lab.postgres;
  const connection = ['-h', host, '-p', String(port), '-U', 'streaming_barman'];
  const argv = [path.join(binDir, 'pg_receivewal'), ...connection, '--slot', slot, '--no-loop', '-D', directory];
  const pid = startDetached(argv, path.join(lab.dir, 'log', 'elsewhere.log'), {
    [LAB_MARK]: lab.id,
    PGAPPNAME: 'elsewhere',
  });
  await poll(`the slot ${slot} in use`, 30_000, async () => ((await isActive(lab, slot)) ? true : undefined));
  return async () => {
    process.kill(pid, 'SIGINT');
    await poll(`the slot ${slot} free`, 30_000, async () => ((await isActive(lab, slot)) ? undefined : true));
  };
}

async function isActive(lab: Lab, slot: string): Promise<boolean> {
  return (await sql(lab.postgres, `SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`)) === 't';
}
