import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@barback/api/clock.ts';
import { openDatabase } from '@barback/api/db/open-database.ts';
import type { Log } from '@barback/api/engine/engine-deps.ts';
import { loadWal } from '@barback/api/wal-index/wal-store.ts';
import { createWalIndexer } from '@barback/api/wal-index/wal-indexer.ts';
import { archiveWal } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { labProcesses } from '../lab/lab-processes.ts';
import { poll } from '../lab/poll.ts';
import { programPids } from '../lab/programs.ts';
import { sql } from '../lab/psql.ts';
import { pgbench } from '../support/pgbench.ts';
import type { Figure } from './figures.ts';
import { signedAgent } from './signed-agent.ts';

const rounds = 3;
const log: Log = {
  info: () => undefined,
  warn: (facts) => process.stderr.write(`${JSON.stringify(facts)}\n`),
  error: () => undefined,
};

/** One reading of everything that Barman holds into an empty index. */
interface Reading {
  readonly seconds: number;
  /** Of agent, its children and the api's part together. */
  readonly cpuSeconds: number;
  readonly childPeakMegabytes: number;
  readonly apiPeakMegabytes: number;
}

/** Reads real WAL, of pgbench's loading and of its transactions, into an empty index. */
export async function indexCold(lab: Lab, megabytes: number): Promise<readonly Figure[]> {
  await writeWal(lab, megabytes);
  const bytes = await archivedBytes(lab);
  const readings: Reading[] = [];
  for (let round = 0; round < rounds; round += 1) readings.push(await readAll(lab));
  const size = `${(bytes / 1e9).toFixed(1)} GB of WAL`;
  const of = (pick: (one: Reading) => number): number[] => readings.map(pick);
  return [
    {
      what: `cold index of ${size}`,
      unit: 'MB/s',
      samples: of((one) => bytes / 1e6 / one.seconds),
      budget: { atLeast: 200 },
    },
    {
      what: `the same, for each second of CPU`,
      unit: 'MB/s',
      samples: of((one) => bytes / 1e6 / one.cpuSeconds),
      budget: { atLeast: 200 },
    },
    {
      what: 'peak memory of the child that reads WAL',
      unit: 'MB',
      samples: of((one) => one.childPeakMegabytes),
      budget: { atMost: 200 },
    },
    {
      what: 'memory that this adds to the process with the index',
      unit: 'MB',
      samples: of((one) => one.apiPeakMegabytes),
      budget: { atMost: 150 },
    },
  ];
}

/** A table that is loaded, then transactions, until there is as much. */
async function writeWal(lab: Lab, megabytes: number): Promise<void> {
  const start = (await sql(lab.postgres, 'SELECT pg_current_wal_lsn()')).trim();
  const written = async (): Promise<number> =>
    Number(await sql(lab.postgres, `SELECT (pg_current_wal_lsn() - '${start}'::pg_lsn) / 1000000`));
  // Roughly 14 MB of WAL for each unit of scale; half of all.
  await pgbench(lab, ['--initialize', '--quiet', '--scale', String(Math.ceil(megabytes / 28))]);
  while ((await written()) < megabytes) await pgbench(lab, ['--no-vacuum', '--client', '4', '--time', '5']);
  await poll('all WAL archived', 300_000, async () => {
    await archiveWal(lab);
    return true;
  });
}

async function archivedBytes(lab: Lab): Promise<number> {
  const { segmentBytes, count } = await withIndex(lab, async (index, database) => {
    await index.catchUp(lab.server, { all: true, limitMs: 600_000 });
    const { state } = loadWal(database.orm, lab.server);
    return {
      segmentBytes: state.segmentBytes,
      count: state.read.reduce((sum, one) => sum + one.last - one.first + 1, 0),
    };
  });
  return segmentBytes * count;
}

type Index = ReturnType<typeof createWalIndexer>;

/** With an empty database. */
async function withIndex<T>(
  lab: Lab,
  work: (index: Index, database: ReturnType<typeof openDatabase>) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(path.join(tmpdir(), 'barback-bench-'));
  const database = openDatabase({ path: path.join(directory, 'index.db'), clock: systemClock });
  const agent = await signedAgent(lab);
  const agents = { client: () => agent, close: () => agent.close() };
  const index = createWalIndexer({ database, agents, clock: systemClock, log, everyMs: 0 });
  try {
    return await work(index, database);
  } finally {
    await index.stop();
    await agents.close();
    database.close();
    await rm(directory, { recursive: true });
  }
}

async function readAll(lab: Lab): Promise<Reading> {
  return withIndex(lab, async (index) => {
    const [pid] = await programPids(lab, 'executor');
    const before = await childSeconds(pid);
    const own = process.cpuUsage();
    const peaks = watchMemory(lab);
    const began = performance.now();
    const isWhole = await index.catchUp(lab.server, { all: true, limitMs: 600_000 });
    const seconds = (performance.now() - began) / 1000;
    const { child, api } = await peaks();
    if (!isWhole) throw new Error('the index is not whole');
    const { user, system } = process.cpuUsage(own);
    const cpuSeconds = (await childSeconds(pid)) - before + (user + system) / 1e6;
    return { seconds, cpuSeconds, childPeakMegabytes: child, apiPeakMegabytes: api };
  });
}

/** CPU of a process and of its children that have ended (utime to cstime, proc(5)). */
async function childSeconds(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
}

/** Linux tells user space 100 on every architecture. */
const ticksPerSecond = 100;

/** Looks at the memory of the child that reads WAL, and at what our own grows by, until the answer is asked for. */
function watchMemory(lab: Lab): () => Promise<{ child: number; api: number }> {
  const before = process.memoryUsage().rss;
  const peak = { child: 0, api: 0 };
  let isWanted = true;
  const watching = (async () => {
    while (isWanted) {
      for (const { pid, argv } of await labProcesses(lab)) {
        if (argv.at(-1) === 'wal') peak.child = Math.max(peak.child, await highWater(pid));
      }
      peak.api = Math.max(peak.api, (process.memoryUsage().rss - before) / 1e6);
      await sleep(200);
    }
  })();
  return async () => {
    isWanted = false;
    await watching;
    return peak;
  };
}

async function highWater(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024) / 1e6;
}
