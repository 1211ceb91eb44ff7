import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal, listBackups } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { asUser, mustRun } from '../lab/run-command.ts';
import { runDrill, type RunBody } from '../support/barback-client.ts';
import { collectWal } from '../support/by-hand/collect-wal.ts';
import { copyByHand, type HandMadeCopy } from '../support/by-hand/hand-made-copy.ts';
import { standbyByHand, type StandbyByHand } from '../support/by-hand/standby-by-hand.ts';
import { findingsOn, foundByPlan, untilFound } from '../support/found-by-plan.ts';
import { serverUser, stopFast } from '../support/stop-fast.ts';
import { settledLab } from '../support/settled-lab.ts';

// What endangers a restore of live alone is shown on copies made by hand, used as a restored server would be.
const contentCodes = ['prepared-transactions', 'unlogged-tables', 'logical-slots', 'logical-replication'];
const surroundingsCodes = ['live-in-recovery', 'ha-manager', 'standbys', 'synchronous-names', 'walsenders-lagging'];
const minuteMs = 60_000;

let lab: Lab;
let stop: () => Promise<void> = async () => {};
const live = (query: string, database?: string): Promise<string> => sql(lab.postgres, query, database);
const foundContent = () => foundByPlan(lab, contentCodes);
const foundAround = () => foundByPlan(lab, surroundingsCodes);

beforeAll(async () => {
  const alterSystem = {
    wal_level: 'logical',
    max_prepared_transactions: '10',
    // A walsender without an answer is then kept for ever.
    wal_sender_timeout: '0',
  };
  ({ lab, stop } = await settledLab({ alterSystem }));
  await restart();
});

afterAll(() => stop());

describe('what a restored server lacks', () => {
  test('is told, is missing in the copy or keeps its table locked, and is there once it was put right on live', async () => {
    expect(await foundContent()).toEqual([]);
    await live('CREATE UNLOGGED TABLE sessions AS SELECT generate_series(1, 3) AS id');
    await live('CREATE TABLE held (id int)');
    await live("SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')");
    await live("BEGIN; ALTER TABLE held ADD COLUMN more int; PREPARE TRANSACTION 'in doubt'");
    expect(await foundContent()).toEqual(['prepared-transactions info', 'unlogged-tables info', 'logical-slots info']);
    const details = (await findingsOn(lab, contentCodes)).map((one) => one.detail);
    expect(details[0]).toContain('in doubt (database system)');
    expect(details[1]).toContain('system.public.sessions');
    expect(details[2]).toContain('cdc (database system)');

    const broken = await drillWithProbes();
    expect(broken.state).toBe('failed');
    expect(broken.problem?.detail).toMatch(/^1 of 3 probes failed: held: .*lock/);
    expect(valuesOf(broken)).toEqual({ held: undefined, sessions: '0', slots: '0' });

    await live("ROLLBACK PREPARED 'in doubt'");
    await live('ALTER TABLE sessions SET LOGGED');
    await live("SELECT pg_drop_replication_slot('cdc')");
    expect(await foundContent()).toEqual([]);
    const mended = await drillWithProbes();
    expect(mended.state).toBe('succeeded');
    expect(valuesOf(mended)).toEqual({ held: '0', sessions: '3', slots: '0' });
  });
});

describe('who else depends on live', () => {
  let standby: StandbyByHand;

  beforeAll(async () => {
    standby = await standbyByHand(lab, 'replica1');
    await live('CREATE TABLE events (id int PRIMARY KEY)');
    await live('CREATE PUBLICATION events FOR TABLE events');
    await live('CREATE DATABASE reader');
    await live('CREATE TABLE events (id int PRIMARY KEY)', 'reader');
    await live("SELECT pg_create_logical_replication_slot('reader', 'pgoutput')");
    const { host, port } = lab.postgres;
    const from = `host=${host} port=${port} dbname=system user=postgres`;
    const how = 'PUBLICATION events WITH (create_slot = false, slot_name = reader)';
    await live(`CREATE SUBSCRIPTION reader CONNECTION '${from}' ${how}`, 'reader');
  });

  test('is told: a standby, names that commits wait for, a publication, a subscription and its slot', async () => {
    expect(await foundAround()).toEqual(['standbys info']);
    await setSynchronousNames('replica1');
    expect(await foundAround()).toEqual(['standbys info', 'synchronous-names info']);
    const [found] = await findingsOn(lab, ['standbys']);
    expect(found?.detail).toContain('1 besides Barman: replica1 (streaming)');
    expect(await foundContent()).toEqual(['logical-slots info', 'logical-replication info']);
    const [logical] = await findingsOn(lab, ['logical-replication']);
    expect(logical?.detail).toContain('publications system.events; subscriptions reader.reader');
  });

  test('is harmed by a restored server: the standby is left ahead of it, commits wait for ever, events are taken away', async () => {
    await insertEvents(1);
    await readerHas('1');
    const target = await live('SELECT pg_current_wal_insert_lsn()');
    await insertEvents(2);
    await poll('row 2 at the standby', minuteMs, async () =>
      (await standby.ask('SELECT count(*) FROM events WHERE id = 2')) === '1' ? true : undefined,
    );
    await readerHas('1,2');
    const copy = await copyTo(target);
    try {
      // As if live had been stopped; its own worker would hold the slot.
      await live('ALTER SUBSCRIPTION reader DISABLE', 'reader');
      await insertEvents(3);
      await copy.ask('SELECT pg_promote()');
      expect(await copy.ask("SELECT string_agg(id::text, ',') FROM events")).toBe('1');
      await poll('event 3 in the copy', minuteMs, async () =>
        (await copy.ask('\\c reader\nSELECT count(*) FROM events WHERE id = 3')) === '1' ? true : undefined,
      );
      await copy.ask('\\c reader\nALTER SUBSCRIPTION reader DISABLE');
      await poll('the slot free', minuteMs, async () =>
        (await live("SELECT active FROM pg_replication_slots WHERE slot_name = 'reader'")) === 'f' ? true : undefined,
      );
      await live('ALTER SUBSCRIPTION reader ENABLE', 'reader');
      await insertEvents(4);
      await readerHas('1,2,4');

      await standby.follow(path.dirname(copy.directory), 5432);
      await poll('the standby left behind', minuteMs, async () =>
        /not in this server's history|forked off current database system timeline 1 before/.test(await standby.log())
          ? true
          : undefined,
      );
      expect(await standby.ask('SELECT count(*) FROM events WHERE id = 2')).toBe('1');

      await copy.ask("ALTER SYSTEM SET synchronous_standby_names = 'replica1'");
      await copy.ask('SELECT pg_reload_conf()');
      const insert = copy.ask('INSERT INTO events VALUES (5)');
      await poll('a commit that waits', minuteMs, async () =>
        (await copy.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")) === '1'
          ? true
          : undefined,
      );
      await copy.ask("ALTER SYSTEM SET synchronous_standby_names = ''");
      await copy.ask('SELECT pg_reload_conf()');
      await insert;
    } finally {
      await copy.discard();
    }
    await standby.follow(lab.postgres.host, lab.postgres.port);
  });

  test('keeps a fast stop from ending while it does not answer, which is told before', async () => {
    await setSynchronousNames('');
    await poll('the standby back', minuteMs, async () =>
      (await live("SELECT count(*) FROM pg_stat_replication WHERE application_name = 'replica1'")) === '1'
        ? true
        : undefined,
    );
    const receiver = await standby.receiver();
    process.kill(receiver, 'SIGSTOP');
    try {
      await insertEvents(6);
      await poll('half a minute of silence', 2 * minuteMs, async () =>
        (await live(
          "SELECT clock_timestamp() - reply_time > '31 s' FROM pg_stat_replication WHERE application_name = 'replica1'",
        )) === 't'
          ? true
          : undefined,
      );
      expect(await foundAround()).toEqual(['standbys info', 'walsenders-lagging info']);
      expect((await stopFast(lab.postgres, 5)).code).toBe(1);
    } finally {
      process.kill(receiver, 'SIGCONT');
    }
    expect((await stopFast(lab.postgres, 60)).code).toBe(0);
    await startCluster(lab.postgres);
    await poll('the standby back', minuteMs, async () =>
      (await live("SELECT count(*) FROM pg_stat_replication WHERE application_name = 'replica1'")) === '1'
        ? true
        : undefined,
    );
    expect(await foundAround()).toEqual(['standbys info']);
  });

  test('is not told any more once it is detached', async () => {
    await standby.stop();
    await live('ALTER SUBSCRIPTION reader DISABLE', 'reader');
    await live('DROP SUBSCRIPTION reader', 'reader');
    await live('DROP PUBLICATION events');
    await poll('the standby gone', minuteMs, async () =>
      (await live("SELECT count(*) FROM pg_stat_replication WHERE application_name = 'replica1'")) === '0'
        ? true
        : undefined,
    );
    expect(await foundAround()).toEqual([]);
    expect(await foundContent()).toEqual([]);
  });
});

describe('who else acts on live', () => {
  test('is told by its process and by its file in the data directory, with whether it is paused', async () => {
    const program = path.join(lab.dir, 'patroni');
    const mark = path.join(lab.postgres.dataDir, 'patroni.dynamic.json');
    await writeFile(program, 'import signal\nsignal.pause()\n');
    const patroni = spawn('/usr/bin/python3', [program, '/etc/patroni/config.yml'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => void patroni.on('exit', resolve));
    try {
      await writeFile(mark, '{"ttl": 30, "loop_wait": 10}');
      const [found] = await findingsOn(lab, ['ha-manager']);
      expect(found).toMatchObject({ code: 'ha-manager', severity: 'info' });
      expect(found?.detail).toContain(`process ${patroni.pid}`);
      expect(found?.detail).toContain(`${mark} shows that it manages this cluster; it is not paused`);
      await writeFile(mark, '{"ttl": 30, "loop_wait": 10, "pause": true}');
      expect((await findingsOn(lab, ['ha-manager']))[0]?.detail).toContain('it is paused');
    } finally {
      patroni.kill();
      await ended;
      await rm(mark, { force: true });
    }
    expect(await foundAround()).toEqual([]);
  });
});

describe('live that is a standby', () => {
  test('is told, cannot mark or switch WAL before a restore, and can once it is promoted', async () => {
    await stopCluster(lab.postgres);
    const signal = path.join(lab.postgres.dataDir, 'standby.signal');
    await mustRun(asUser(serverUser(lab.postgres), ['touch', signal]));
    await startCluster(lab.postgres);
    await untilFound(lab, surroundingsCodes, ['live-in-recovery info']);
    await expect(live("SELECT pg_create_restore_point('before')")).rejects.toThrow('recovery is in progress');
    await expect(live('SELECT pg_switch_wal()')).rejects.toThrow('recovery is in progress');
    await live('SELECT pg_promote()');
    await live("SELECT pg_create_restore_point('before')");
    await untilFound(lab, surroundingsCodes, []);
  });
});

const probes = [
  { name: 'held', database: 'system', sql: 'SELECT count(*) AS value FROM held' },
  { name: 'sessions', database: 'system', sql: 'SELECT count(*) AS value FROM sessions' },
  {
    name: 'slots',
    database: 'system',
    sql: "SELECT count(*) AS value FROM pg_replication_slots WHERE slot_type = 'logical'",
  },
];

function drillWithProbes(): Promise<RunBody> {
  return runDrill(lab, { type: 'latest' }, { probes, statementTimeoutMs: 5_000 });
}

function valuesOf(run: RunBody): Record<string, string | null | undefined> {
  return Object.fromEntries((run.result?.probes ?? []).map(({ name, rows }) => [name, rows?.[0]?.['value']]));
}

/** A copy of the newest backup, paused at a position. */
async function copyTo(lsn: string): Promise<HandMadeCopy> {
  await archiveWal(lab);
  const wal = path.join(lab.dir, 'wal-by-hand');
  await collectWal(lab, wal);
  const backupId = (await listBackups(lab.barman))[0]?.id ?? '';
  const settings = { recovery_target_lsn: lsn, recovery_target_inclusive: 'off' };
  const copy = await copyByHand(lab, wal, { backupId, timeline: 1, settings }, 'restored');
  if (copy.ended !== 'paused') throw new Error(`the copy did not get to ${lsn}:\n${copy.log}`);
  return copy;
}

async function insertEvents(id: number): Promise<void> {
  await live(`INSERT INTO events VALUES (${id})`);
}

async function readerHas(ids: string): Promise<void> {
  let last = '';
  await poll(
    () => `events ${ids} at the subscriber, which has ${last}`,
    minuteMs,
    async () => {
      last = await live("SELECT string_agg(id::text, ',' ORDER BY id) FROM events", 'reader');
      return last === ids ? true : undefined;
    },
  );
}

async function setSynchronousNames(names: string): Promise<void> {
  await live(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
  await live('SELECT pg_reload_conf()');
}

async function restart(): Promise<void> {
  await stopCluster(lab.postgres);
  await startCluster(lab.postgres);
  await poll('receive-wal', minuteMs, async () => ((await isStreaming(lab.postgres)) ? true : undefined));
}
