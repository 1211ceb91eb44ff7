import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyName, parseHistory, type TimelineHistory } from '@barback/shared/postgres/timeline.ts';
import { compareLedger, failedCommits, readLedger, type Commit, type Verdict } from './ledger.ts';
import { startFakeDokploy } from './fake-dokploy.ts';
import type { FakeDokploy } from './fake-dokploy-state.ts';
import type { Lab, LabPostgres } from './lab.ts';
import { poll } from './poll.ts';
import { sql } from './psql.ts';
import type { WriterSettings } from './writer-app.ts';

/** A real application that writes to a lab's database all the time, behind a fake Dokploy. */
export interface WritingApplication {
  readonly dokploy: FakeDokploy;
  /** Of the application in the fake; its database role is `app`. */
  readonly id: 'writer';
  ledger(): Promise<readonly Commit[]>;
  /** How many of its commits came to an error. */
  failures(): Promise<number>;
  /** Resolves when so many more commits have been acknowledged. */
  written(more: number): Promise<void>;
  /** The process ids and starts of its sessions in the database. */
  sessions(): Promise<readonly { pid: number; started: string }[]>;
  /** The rows that are in the database now against what was acknowledged, along the timelines that led to it. */
  compare(): Promise<Verdict>;
  close(): Promise<void>;
}

const ledgerTable = `
CREATE TABLE IF NOT EXISTS ledger (id bigserial PRIMARY KEY, written_at timestamptz NOT NULL DEFAULT clock_timestamp(), note text NOT NULL);
GRANT SELECT, INSERT ON ledger TO app;
GRANT USAGE ON SEQUENCE ledger_id_seq TO app;`;

/** Makes the table and starts both; the application writes before this resolves. */
export async function startWritingApplication(
  lab: Pick<Lab, 'dir' | 'postgres'>,
  options: {
    readonly replicas?: number;
    readonly connections?: number;
    readonly pauseMs?: number;
    /** A pooler on this machine, instead of PostgreSQL itself. */
    readonly through?: { readonly port: number };
    /** In its environment, as Dokploy has it: `DATABASE_URL` wins over everything else. */
    readonly environment?: string;
  } = {},
): Promise<WritingApplication> {
  const { postgres } = lab;
  await sql(postgres, ledgerTable);
  const ledgerFile = path.join(lab.dir, 'log', 'ledger.jsonl');
  const settings: WriterSettings = {
    host: options.through === undefined ? postgres.host : '127.0.0.1',
    port: options.through?.port ?? postgres.port,
    database: postgres.database,
    connections: options.connections ?? 3,
    pauseMs: options.pauseMs ?? 2,
    ledgerFile,
  };
  const program = fileURLToPath(new URL('writer-app.ts', import.meta.url));
  const workload = { argv: [process.execPath, program], env: { WRITER_SETTINGS: JSON.stringify(settings) } };
  const env = options.environment === undefined ? {} : { env: options.environment };
  const row = { replicas: options.replicas ?? 2, ...env };
  const dokploy = await startFakeDokploy([{ id: 'writer', workload, row }]);
  const ledger = () => readLedger(ledgerFile);
  const acknowledged = async () => (await ledger()).filter(({ acknowledgedAt }) => acknowledgedAt !== null).length;
  const application: WritingApplication = {
    dokploy,
    id: 'writer',
    ledger,
    failures: () => failedCommits(ledgerFile),
    async written(more) {
      const before = await acknowledged();
      await poll(`${more} more commits in ${path.basename(ledgerFile)}`, 30_000, async () =>
        (await acknowledged()) >= before + more ? true : undefined,
      );
    },
    async sessions() {
      const rows = await sql(
        postgres,
        "SELECT pid || ' ' || backend_start FROM pg_stat_activity WHERE usename = 'app'",
      );
      return rows.split('\n').flatMap((row) => {
        const [, pid, started] = /^(\d+) (.+)$/.exec(row) ?? [];
        return pid === undefined || started === undefined ? [] : [{ pid: Number(pid), started }];
      });
    },
    async compare() {
      // What is written while this looks is told by the second reading of the ledger only.
      const told = await ledger();
      const notes = (await sql(postgres, 'SELECT note FROM ledger')).split('\n').filter((note) => note !== '');
      const verdict = compareLedger(told, new Set(notes), await historyOf(postgres));
      const later = new Set((await ledger()).map(({ note }) => note));
      return { ...verdict, unknown: verdict.unknown.filter((note) => !later.has(note)) };
    },
    close: () => dokploy.close(),
  };
  try {
    await application.written(1);
    return application;
  } catch (error) {
    await application.close();
    throw error;
  }
}

/** As the history file of the cluster's own timeline has it. */
async function historyOf(postgres: LabPostgres): Promise<TimelineHistory> {
  const wal = await sql(postgres, 'SELECT pg_walfile_name(pg_current_wal_insert_lsn())');
  const timeline = Number.parseInt(wal.slice(0, 8), 16);
  const text = timeline === 1 ? '' : await sql(postgres, `SELECT pg_read_file('pg_wal/${historyName(timeline)}')`);
  return parseHistory(timeline, text);
}
