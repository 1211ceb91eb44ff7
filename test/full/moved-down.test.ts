import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import type { Lab } from '../lab/lab.ts';
import { mustRun, runCommand } from '../lab/run-command.ts';
import { sql } from '../lab/psql.ts';
import { configureAgent } from '../support/agent-config.ts';
import { runDrill } from '../support/barback-client.ts';
import { carryOutWell, momentOf, planOnceReachable, planPointInTime, planUndo } from '../support/cutover-client.ts';
import { Mounts } from '../support/mounts.ts';
import { settledLab } from '../support/settled-lab.ts';

test('a cluster whose data directory is a mount point is refused, moved down by one command, cut off or not, and restored and undone from then on', async ({
  skip,
}) => {
  Mounts.require(skip);
  const mounts = new Mounts();
  const { lab, stop } = await settledLab();
  const { dataDir } = lab.postgres;
  try {
    await mountUnder(lab, mounts);
    const blocked = await planPointInTime(lab, { type: 'latest' });
    expect(blocked.state).toBe('blocked');
    expect(blocked.findings.find((one) => one.code === 'data-directory-mount')?.remedy).toContain('move-down');
    expect((await runDrill(lab, { type: 'latest' })).state).toBe('succeeded');

    const running = await moveDown(lab);
    expect([running.code, running.stderr]).toEqual([1, expect.stringContaining('PostgreSQL runs in it')]);
    await stopCluster(lab.postgres);
    // As a move that was cut off leaves it.
    await mustRun(['install', '-d', '-m', '0700', '-o', lab.postgres.osUser, path.join(dataDir, 'data')]);
    for (const name of ['global', 'base', 'pg_wal'])
      await rename(path.join(dataDir, name), path.join(dataDir, 'data', name));
    expect(
      await startCluster(lab.postgres).then(
        () => 'started',
        () => 'not started',
      ),
    ).toBe('not started');
    const moved = await moveDown(lab);
    expect(moved.stderr).toBe('');
    expect(moved.stdout).toContain(`data_directory = '${dataDir}/data'`);
    expect((await readdir(dataDir)).filter((name) => name !== 'lost+found')).toEqual(['data']);
    expect((await moveDown(lab)).stdout).toContain('already');

    await configureAgent(lab, (server) => void (server.postgres.dataDirectory = path.join(dataDir, 'data')));
    await startCluster(lab.postgres);
    const order = (customer: string) =>
      sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${customer}', 1)`);
    const mine = "SELECT string_agg(customer, ',' ORDER BY id) FROM orders WHERE customer IN ('kept', 'undone')";
    await order('kept');
    const time = await momentOf(lab);
    await order('undone');
    const plan = await planOnceReachable(lab, { type: 'time', time });
    expect(plan.findings.map((one) => one.code)).not.toContain('data-directory-mount');
    const run = await carryOutWell(lab, plan);
    expect(await sql(lab.postgres, mine)).toBe('kept');
    await carryOutWell(lab, await planUndo(lab, run));
    expect(await sql(lab.postgres, mine)).toBe('kept,undone');
  } finally {
    await stopCluster(lab.postgres).catch(() => undefined);
    await mounts.unmountAll();
    await stop();
  }
});

/** The same files on a filesystem that is mounted at the data directory itself. */
async function mountUnder(lab: Lab, mounts: Mounts): Promise<void> {
  const { dataDir, osUser } = lab.postgres;
  await stopCluster(lab.postgres);
  const aside = `${dataDir}.aside`;
  await rename(dataDir, aside);
  await mustRun(['install', '-d', '-m', '0700', '-o', osUser, dataDir]);
  await mounts.mount(['-t', 'tmpfs', '-o', `size=4g,mode=0700,uid=${(await stat(aside)).uid}`, 'tmpfs'], dataDir);
  await mustRun(['cp', '-a', `${aside}/.`, dataDir]);
  await rm(aside, { recursive: true });
  await startCluster(lab.postgres);
  expect(await readFile('/proc/self/mountinfo', 'utf8')).toContain(` ${dataDir} `);
}

async function moveDown(lab: Lab): ReturnType<typeof runCommand> {
  const app = path.join(lab.dir, 'app');
  const argv = [path.join(app, 'node'), path.join(app, 'agent.mjs'), 'move-down', '--config', lab.agent.configFile];
  return runCommand([...argv, '--server', 'main'], { limitMs: 60_000 });
}
