import { activitySchema } from '@barback/api/incidents/activity.ts';
import { reachableSchema, type ReachableView } from '@barback/api/targets/reachable-view.ts';
import { windowSchema, type WindowView } from '@barback/api/window/window-schema.ts';
import { parseInstant } from '@barback/shared/postgres/instant.ts';
import path from 'node:path';
import { expect, test } from 'vitest';
import { archiveWal } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { planDrill, request } from './barback-client.ts';
import { collectWal } from './by-hand/collect-wal.ts';
import { formatPosition, readOracle, type PlacedEnd } from './by-hand/wal-oracle.ts';
import { pgbench } from './pgbench.ts';

/** What is not known yet, because Barman or the index has it in a moment. */
const notYet = new Set(['too-late', 'unread', 'no-such-transaction']);

/** The window of a lab that is written to, and of one that is down. */
export function windowTests(labOf: () => Lab): void {
  let commits: readonly PlacedEnd[] = [];

  test('while pgbench writes and Barman archives, no look shows a hole, and no commit that was there is gone', async () => {
    const lab = labOf();
    let isWriting = true;
    const options = ['--no-vacuum', '--client', '2', '--rate', '200', '--time', '12'];
    const writing = pgbench(lab, options).finally(() => {
      isWriting = false;
    });
    // Awaited below; a failure of the loop must not leave it behind.
    writing.catch(() => undefined);
    const marks: number[] = [];
    const seen = new Set<number>();
    let latest = 0;
    while (isWriting) {
      marks.push(await mark(lab));
      if (marks.length % 3 === 0) await archiveWal(lab);
      const view = await windowOf(lab);
      expect([view.problem, view.holes, view.intervals.length]).toEqual([null, [], 1]);
      const now = microsOf(view.latest?.time);
      expect(now).toBeGreaterThanOrEqual(latest);
      latest = now;
      const chosen = marks[Math.floor(Math.random() * marks.length)] ?? 0;
      const { reachable, reason } = await reachableAt(lab, chosen);
      const isYes = reachable === 'yes';
      const mayBe = isYes || (!seen.has(chosen) && notYet.has(reason?.code ?? ''));
      expect(mayBe, `${chosen}: ${reason?.detail}`).toBe(true);
      if (isYes) seen.add(chosen);
    }
    await writing;
    await archiveWal(lab);
    commits = await commitsOf(lab);
    for (const xid of marks) {
      const { answers } = await reachableAt(lab, xid);
      const position = commits.find((one) => one.xid === xid)?.position ?? 0;
      expect(answers.map(({ stop }) => stop.lsn)).toEqual([formatPosition(position)]);
    }
  });

  test('every commit that WAL holds is in the activity, in its own ten seconds', async () => {
    const [first, last] = [commits[0], commits.at(-1)];
    const query = `from=${instantOf(first)}&to=${instantOf(last)}&step=10s`;
    const { json } = await request(labOf(), 'GET', `/v1/servers/main/activity?${query}`);
    const activity = activitySchema.parse(json);
    const from = microsOf(activity.from);
    const expected = activity.commits.map((_, step) => {
      const begin = from + step * 10_000_000;
      return commits.filter((one) => one.time >= begin && one.time < begin + 10_000_000).length;
    });
    expect(activity.commits).toEqual(expected);
    expect(expected.length).toBeGreaterThan(1);
  });

  test('with live stopped the window, its targets and a plan are what Barman holds', async () => {
    const lab = labOf();
    const xid = await mark(lab);
    await stopCluster(lab.postgres);
    try {
      const plan = await planDrill(lab, { type: 'xid', xid });
      expect(plan.findings.map((one) => one.code)).toContain('live-down');
      const view = await windowOf(lab);
      expect([view.live.answers, view.holes, view.intervals.length]).toEqual([false, [], 1]);
      expect(view.latest?.xid).toBe(xid);
      expect((await reachableAt(lab, xid)).reachable).toBe('yes');
    } finally {
      await startCluster(lab.postgres);
    }
    await poll('Barman streaming again', 60_000, async () => ((await isStreaming(lab.postgres)) ? true : undefined));
  });
}

async function mark({ postgres }: Lab): Promise<number> {
  const text = "BEGIN; INSERT INTO orders (customer, amount) VALUES ('mark', 1); SELECT pg_current_xact_id(); COMMIT;";
  return Number(await sql(postgres, text));
}

async function windowOf(lab: Lab): Promise<WindowView> {
  const { status, json, text } = await request(lab, 'GET', '/v1/servers/main/window');
  expect(status, text).toBe(200);
  return windowSchema.parse(json);
}

async function reachableAt(lab: Lab, xid: number): Promise<ReachableView> {
  const { status, json, text } = await request(lab, 'GET', `/v1/servers/main/reachable?xid=${xid}`);
  expect(status, text).toBe(200);
  return reachableSchema.parse(json);
}

/** Every commit in what Barman holds, by pg_waldump alone, in the order of WAL. */
async function commitsOf(lab: Lab): Promise<readonly PlacedEnd[]> {
  const wal = path.join(path.dirname(lab.postgres.dataDir), 'wal-by-hand');
  await collectWal(lab, wal);
  return (await readOracle(lab, wal)).onPath(1).filter((end) => end.kind === 'commit');
}

function microsOf(text: string | undefined): number {
  const instant = parseInstant(text ?? '');
  if (!instant.ok) throw new Error(`not an instant: ${text}`);
  return instant.micros;
}

function instantOf(end: PlacedEnd | undefined): string {
  return new Date(Math.floor((end?.time ?? 0) / 1000)).toISOString();
}
