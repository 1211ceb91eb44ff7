import { mkdtemp } from 'node:fs/promises';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { takeBackup } from '../lab/barman-backup.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import type { Protection } from '../lab/protection.ts';
import { sql } from '../lab/psql.ts';
import { labUp } from '../lab/up.ts';
import { worldOf } from './world.ts';

export interface SettledOptions extends Partial<Protection> {
  readonly sizeMb?: number;
  readonly tablespace?: boolean;
  /** Set with ALTER SYSTEM before the backup that drills will use. */
  readonly alterSystem?: Readonly<Record<string, string>>;
}

/** A lab of its own whose files move only when a test moves them, with a base backup of exactly that state. */
export async function settledLab(options: SettledOptions = {}): Promise<{ lab: Lab; stop: () => Promise<void> }> {
  // Not under TMPDIR: the programs' own users must be able to search every parent.
  const dir = await mkdtemp('/var/tmp/barback-test-');
  await chmod(dir, 0o755);
  const place = path.join(dir, 'lab');
  const stop = async (): Promise<void> => {
    await labDown(place);
    const { rm } = await import('node:fs/promises');
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const { alterSystem, ...wanted } = options;
    const lab = await labUp({ dir: place, ...wanted });
    // Autovacuum would write statistics, and commit, at moments of its own.
    await sql(lab.postgres, 'ALTER SYSTEM SET autovacuum = off');
    await sql(lab.postgres, 'SELECT pg_reload_conf()');
    for (const [name, value] of Object.entries(alterSystem ?? {})) {
      await sql(lab.postgres, `ALTER SYSTEM SET ${name} = '${value}'`);
    }
    // Frozen rows carry their commit status, so that reading them later writes nothing.
    for (const database of ['postgres', 'template1', lab.postgres.database]) {
      await sql(lab.postgres, 'VACUUM (FREEZE)', database);
    }
    await takeBackup({ postgres: lab.postgres, barman: lab.barman });
    await waitUntilStill(lab);
    return { lab, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until checkpoints and Barman's archiving have nothing left to do: the same world twice in a row. */
async function waitUntilStill(lab: Lab): Promise<void> {
  await sql(lab.postgres, 'CHECKPOINT');
  let last = '';
  await poll(
    () => 'the lab does not come to rest',
    60_000,
    async () => {
      const now = JSON.stringify(await worldOf(lab));
      const still = now === last;
      last = now;
      return still ? true : undefined;
    },
  );
}
