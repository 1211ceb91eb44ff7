import { mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal, takeBackup } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import { holdCron } from '../lab/hold-cron.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { mustRun, runCommand } from '../lab/run-command.ts';
import { findingsOn, foundByPlan, restoredValues } from '../support/found-by-plan.ts';
import { settledLab } from '../support/settled-lab.ts';

// Each test breaks what protects the server, shows what a restore then lacks, repairs it as the finding says, and sees it gone.
const protectionCodes = ['streaming-stopped', 'slot-missing', 'slot-runaway', 'archiver-failing', 'cron-stale'];
const minuteMs = 60_000;

let lab: Lab;
let stop: () => Promise<void> = async () => {};
const found = () => foundByPlan(lab, protectionCodes);

describe('a server whose WAL is streamed', () => {
  beforeAll(async () => {
    ({ lab, stop } = await settledLab());
  });

  afterAll(() => stop());

  test('that is protected as it should be has no finding about that', async () => {
    expect(await found()).toEqual([]);
  });

  test('without cron is told so while receive-wal still runs; once that ends, commits are in no copy until it is started again', async () => {
    const release = await holdCron(lab);
    try {
      await ageCronLock();
      expect(await found()).toEqual(['cron-stale warning']);
      await stopReceiving();
      await commit('not streamed');
      expect(await found()).toEqual(['streaming-stopped warning', 'cron-stale warning']);
      expect(await restoredCustomers()).not.toContain('not streamed');
      await barman('cron');
      await untilStreaming();
      await ageCronLock();
      expect(await found()).toEqual(['cron-stale warning']);
    } finally {
      release();
    }
    await poll('the next run of cron', minuteMs, async () => ((await found()).length === 0 ? true : undefined));
    await archiveWal(lab);
    expect(await restoredCustomers()).toContain('not streamed');
  });

  test('with a slot that nobody reads is told before live takes the WAL away, which ends what would have read it', async () => {
    await sql(lab.postgres, "SELECT pg_create_physical_replication_slot('old_standby', true)");
    await sql(lab.postgres, "ALTER SYSTEM SET max_slot_wal_keep_size = '128MB'");
    await sql(lab.postgres, 'SELECT pg_reload_conf()');
    const next = await sql(
      lab.postgres,
      "SELECT pg_walfile_name(restart_lsn) FROM pg_replication_slots WHERE slot_name = 'old_standby'",
    );
    await archiveSegments(7);
    const [finding, ...others] = await findingsOn(lab, protectionCodes);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ code: 'slot-runaway', severity: 'warning' });
    expect(finding?.remedy).toContain("SELECT pg_drop_replication_slot('old_standby')");
    await archiveSegments(5);
    await poll('the slot lost', minuteMs, async () => {
      await sql(lab.postgres, 'CHECKPOINT');
      const status = await sql(
        lab.postgres,
        "SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'old_standby'",
      );
      return status === 'lost' ? true : undefined;
    });
    expect((await findingsOn(lab, protectionCodes))[0]?.detail).toContain('is lost');
    expect(await readFromSlot('old_standby', next)).toMatch(/invalidated|has already been removed/);
    await sql(lab.postgres, "SELECT pg_drop_replication_slot('old_standby')");
    await sql(lab.postgres, 'ALTER SYSTEM RESET max_slot_wal_keep_size');
    await sql(lab.postgres, 'SELECT pg_reload_conf()');
    expect(await found()).toEqual([]);
  });

  test("without Barman's slot is told before live removes WAL; then no copy has what came after, until slot and backup are made anew", async () => {
    const release = await holdCron(lab);
    try {
      await stopReceiving();
      await sql(lab.postgres, "SELECT pg_drop_replication_slot('barman')");
      expect(await found()).toEqual(['slot-missing warning']);
      await writeSegments(2);
      await sql(lab.postgres, 'CHECKPOINT');
      await writeSegments(2);
      await sql(lab.postgres, 'CHECKPOINT');
      await commit('behind the hole');
      expect(await restoredCustomers()).not.toContain('behind the hole');
      // What the scenario `rebaseline` does, by hand.
      await barman('receive-wal', '--create-slot', 'main');
      const started = await runCommand([...lab.barman.argv, 'receive-wal', 'main']);
      expect(started.stderr + started.stdout).toMatch(/has already been removed/);
      // The slot now stands where its reader asked to begin, and --reset would begin there again.
      await poll("Barman's slot dropped", minuteMs, async () =>
        sql(lab.postgres, "SELECT pg_drop_replication_slot('barman')").then(
          () => true,
          () => undefined,
        ),
      );
      await barman('receive-wal', '--create-slot', 'main');
      await barman('receive-wal', '--reset', 'main');
    } finally {
      release();
    }
    await untilStreaming();
    await takeBackup(lab);
    expect(await found()).toEqual([]);
    expect(await restoredCustomers()).toContain('behind the hole');
  });
});

describe('a server whose WAL is archived by a command', () => {
  beforeAll(async () => {
    ({ lab, stop } = await settledLab({ archiving: 'archive_command' }));
  });

  afterAll(() => stop());

  test('that fails is told so; what it commits is in no copy until the command works again', async () => {
    expect(await found()).toEqual([]);
    await setArchiveCommand("'false'");
    await commit('not archived');
    await sql(lab.postgres, 'SELECT pg_switch_wal()');
    await poll('a failure of the archiver', minuteMs, async () =>
      (await sql(lab.postgres, 'SELECT last_failed_time > last_archived_time FROM pg_stat_archiver')) === 't'
        ? true
        : undefined,
    );
    expect(await found()).toEqual(['archiver-failing warning']);
    expect(await restoredCustomers()).not.toContain('not archived');
    await setArchiveCommand(null);
    await archiveWal(lab);
    expect(await found()).toEqual([]);
    expect(await restoredCustomers()).toContain('not archived');
  });

  test('without any command, which PostgreSQL counts as no failure, is told by what waits in pg_wal', async () => {
    await setArchiveCommand("''");
    await writeSegments(33);
    const [finding] = await findingsOn(lab, protectionCodes);
    expect(finding?.code).toBe('archiver-failing');
    expect(finding?.detail).toMatch(/^3[3-9] WAL segments/);
    await setArchiveCommand(null);
    await poll('nothing waiting', minuteMs, async () => ((await found()).length === 0 ? true : undefined));
  });
});

async function barman(...args: string[]): Promise<void> {
  await mustRun([...lab.barman.argv, ...args]);
}

async function commit(customer: string): Promise<void> {
  await sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${customer}', 1)`);
}

function restoredCustomers(): Promise<(string | null | undefined)[]> {
  return restoredValues(lab, 'SELECT customer AS value FROM orders ORDER BY id DESC LIMIT 5');
}

/** As if the last run of cron had been a quarter of an hour ago. */
async function ageCronLock(): Promise<void> {
  const then = new Date(Date.now() - 15 * minuteMs);
  await utimes(path.join(path.dirname(lab.barman.home), 'lock', '.main-cron.lock'), then, then);
}

async function stopReceiving(): Promise<void> {
  await barman('receive-wal', '--stop', 'main');
  await poll('the end of receive-wal', minuteMs, async () => ((await isStreaming(lab.postgres)) ? undefined : true));
}

async function untilStreaming(): Promise<void> {
  await poll('receive-wal', minuteMs, async () => ((await isStreaming(lab.postgres)) ? true : undefined));
}

async function writeSegments(count: number): Promise<void> {
  const one = "SELECT pg_logical_emit_message(true, 'test', 'x');\nSELECT pg_switch_wal();\n";
  await sql(lab.postgres, one.repeat(count));
}

/** One after the other, so that Barman's own slot keeps up. */
async function archiveSegments(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await archiveWal(lab);
}

async function setArchiveCommand(value: string | null): Promise<void> {
  const change = value === null ? 'RESET archive_command' : `SET archive_command = ${value}`;
  await sql(lab.postgres, `ALTER SYSTEM ${change}`);
  await sql(lab.postgres, 'SELECT pg_reload_conf()');
}

/** What a reader of the slot is told that has everything before this segment. */
async function readFromSlot(name: string, segment: string): Promise<string> {
  const directory = await mkdtemp('/var/tmp/barback-slot-');
  const { binDir, host, port, superuser } = lab.postgres;
  const connection = ['-h', host, '-p', String(port), '-U', superuser];
  try {
    const begun = path.join(directory, `${segment}.partial`);
    await writeFile(begun, '');
    await truncate(begun, 16 * 1024 * 1024);
    const receive = [path.join(binDir, 'pg_receivewal'), ...connection, '-D', directory, '-S', name, '--no-loop'];
    const { code, stderr } = await runCommand(receive, { limitMs: 30_000 });
    expect(code).toBe(1);
    return stderr;
  } finally {
    await rm(directory, { recursive: true });
  }
}
