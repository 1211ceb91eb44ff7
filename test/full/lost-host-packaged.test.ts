import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { whyNotDebian13 } from '../../scripts/debian/run-debian-13.ts';
import { makePackages } from '../../scripts/package.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { endOf, planDrill, request, startRun, stepOf } from '../support/barback-client.ts';
import type { Box } from '../support/box.ts';
import type { DebianHost } from '../support/debian-host.ts';
import { acknowledgedPlan, loseHost, predictedLoss, type LeftBehind } from '../support/lost-host.ts';
import { mirrorWell } from '../support/mirror-client.ts';
import { filesOfMirror, mirrorScene } from '../support/mirror-scene.ts';
import { packagedHost } from '../support/packaged-host.ts';
import { needsDebianTree } from '../support/needs-root.ts';

const adopt = { configuration: 'adopt' };

describe('a host that only the package was installed on', () => {
  beforeEach(needsDebianTree);

  const stops: (() => Promise<void>)[] = [];
  let first: Lab;
  let second: DebianHost;
  let left: LeftBehind;
  let box: Box;

  beforeAll(async () => {
    if (whyNotDebian13() !== undefined) return;
    await ensureRequirements({ programs: { debootstrap: 'debootstrap', unshare: 'util-linux', ip: 'iproute2' } });
    const out = await mkdtemp('/var/tmp/barback-packages-');
    stops.push(() => rm(out, { recursive: true, force: true }));
    const deb = (await makePackages(out)).find((file) => /barback-agent_.*\.deb$/.test(file)) ?? '';
    const scene = await mirrorScene();
    stops.push(scene.stop);
    first = scene.lab;
    box = scene.box;
    await tune(first);
    left = await loseHost(first);
    const made = await packagedHost(first, scene.box, deb);
    stops.push(made.stop);
    second = made.host;
  });
  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  const ask = (query: string): Promise<string> => second.as('postgres', 'psql', '-qAtX', '-d', 'system', '-c', query);

  test('is left as it was, configuration and all, when the lost one had settings that PostgreSQL refuses', async () => {
    const before = await configurationOf(second);
    const versions = (await filesOfMirror(box, 'vault')).filter((name) => name.endsWith('/conf.d/tuned.conf'));
    const file = versions.toSorted().at(-1) ?? '';
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('11MB', 'eleven'));
    const run = await endOf(first, (await startRun(first, await acknowledgedPlan(first, adopt))).id);
    await writeFile(file, text);
    expect([run.state, stepOf(run, 'adopt-configuration').state]).toEqual(['failed', 'failed']);
    expect(run.problem?.detail).toMatch(/would not start with the adopted configuration: .*work_mem/);
    expect(run.liveDatabase).toContain('running');
    expect(await configurationOf(second)).toBe(before);
  });

  test('takes the place of the lost one from another network, with every commit that the mirror had, and is protected', async () => {
    const plan = await acknowledgedPlan(first, adopt);
    const written = plan as unknown as { vault: { adopted: { path: string; diff: string }[] } };
    const diffs = Object.fromEntries(written.vault.adopted.map((one) => [path.basename(one.path), one.diff]));
    expect(diffs['tuned.conf']).toContain("+work_mem = '11MB'");
    expect(diffs['pg_hba.conf']).toContain('+host system app 10.0.0.0/8 scram-sha-256');
    expect(predictedLoss(plan)).toBeGreaterThanOrEqual(left.lost.length);
    const run = await endOf(first, (await startRun(first, plan)).id);
    expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
    expect((await ask('SELECT xid FROM marks ORDER BY xid')).split('\n')).toEqual(left.held);
    // As on the lost host, but for what is of this one.
    const settings = ['work_mem', 'max_connections', 'port', 'data_directory', 'unix_socket_directories'];
    const shown = await ask(
      `SELECT name, setting FROM pg_settings WHERE name IN ('${settings.join("', '")}') ORDER BY name`,
    );
    expect(shown.split('\n')).toEqual([
      'data_directory|/var/lib/postgresql/15/main',
      'max_connections|50',
      'port|5432',
      'unix_socket_directories|/var/run/postgresql',
      'work_mem|11264',
    ]);
    expect(await ask("SELECT address FROM pg_hba_file_rules WHERE user_name = '{app}'")).toBe('10.0.0.0');
    await poll('barman check without a failure', 60_000, () =>
      second.as('barman', 'barman', 'check', 'main').catch(() => undefined),
    );
    await ask('INSERT INTO marks VALUES (pg_current_xact_id()::text::bigint)');
    const drill = await endOf(first, (await startRun(first, await planDrill(first, { type: 'latest' }))).id);
    expect(drill.state, JSON.stringify(drill.problem)).toBe('succeeded');
    expect((await mirrorWell(first)).push?.backups.length).toBeGreaterThan(0);
  });

  test('has used its token up, and is asked for by an address of its own', async () => {
    expect(await second.as('root', 'ls', '/run/barback-install')).not.toContain('token');
    const { json } = await request(first, 'GET', '/v1/servers/main');
    expect(json).toMatchObject({ agentId: 'db2', agentUrl: `https://${second.network.there}:7432` });
  });
});

/** As whoever runs the first host might have it. */
async function tune({ postgres }: Lab): Promise<void> {
  await writeFile(path.join(postgres.configDir, 'conf.d', 'tuned.conf'), "work_mem = '11MB'\n", { mode: 0o644 });
  const hba = path.join(postgres.configDir, 'pg_hba.conf');
  await appendFile(hba, 'host system app 10.0.0.0/8 scram-sha-256\n');
  await sql(postgres, 'SELECT pg_reload_conf()');
}

/** Every file of it, with its name. */
function configurationOf(host: DebianHost): Promise<string> {
  return host.as('root', 'grep', '--recursive', '', '/etc/postgresql/15/main');
}
