import { expect, test } from 'vitest';
import { archiveWal } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { findingsOn, foundByPlan } from '../support/found-by-plan.ts';
import { settledLab } from '../support/settled-lab.ts';

const gib = 1024 ** 3;
const codes = ['slot-runaway'];

test('a slot without a limit makes pg_wal grow past every checkpoint, is told beyond 1 GiB, and dropping it gives the room back', async () => {
  const { lab, stop } = await settledLab();
  try {
    await sql(lab.postgres, "ALTER SYSTEM SET max_wal_size = '96MB'");
    await sql(lab.postgres, 'SELECT pg_reload_conf()');
    await sql(lab.postgres, "SELECT pg_create_physical_replication_slot('old_standby', true)");
    await writeWal(lab, 60);
    expect(await foundByPlan(lab, codes)).toEqual([]);
    await writeWal(lab, 6);
    await sql(lab.postgres, 'CHECKPOINT');
    const [found] = await findingsOn(lab, codes);
    expect(found?.detail).toContain('max_slot_wal_keep_size sets no limit');
    expect(await walBytes(lab)).toBeGreaterThan(gib);
    await sql(lab.postgres, "SELECT pg_drop_replication_slot('old_standby')");
    expect(await foundByPlan(lab, codes)).toEqual([]);
    await poll('room in pg_wal', 60_000, async () => {
      await sql(lab.postgres, 'CHECKPOINT');
      return (await walBytes(lab)) < gib / 4 ? true : undefined;
    });
  } finally {
    await stop();
  }
});

/** In segments that are closed at once; Barman keeps up. */
async function writeWal(lab: Lab, segments: number): Promise<void> {
  const one = "SELECT pg_logical_emit_message(true, 'test', 'x');\nSELECT pg_switch_wal();\n";
  for (let done = 0; done < segments; done += 6) {
    await sql(lab.postgres, one.repeat(5));
    await archiveWal(lab);
  }
}

async function walBytes(lab: Lab): Promise<number> {
  return Number(await sql(lab.postgres, 'SELECT sum(size) FROM pg_ls_waldir()'));
}
