import { once } from 'node:events';
import { appendFile, chown, lstat, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isStreaming } from '../lab/barman-server.ts';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { runCommand } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import { operationsHost, type OperationsHost, type PlanOperations } from '../e2e/operations-host.ts';
import { restlessClients, type RestlessClients } from '../e2e/restless-clients.ts';
import { needsRoot } from '../support/needs-root.ts';

let lab: Lab;
let operations: OperationsHost;
let plan: PlanOperations;
let hba: string;
let original: Buffer;
let clients: RestlessClients | undefined;

beforeAll(async () => {
  lab = await labUp({ dir: `/var/tmp/barback-fence-${process.pid}` });
  operations = await operationsHost(lab);
  plan = operations.plan();
  hba = path.join(lab.postgres.configDir, 'pg_hba.conf');
  // Latin-1, as an old editor leaves it.
  await appendFile(hba, Buffer.from('# f\u00fcr die Anwendung\n', 'latin1'));
  original = await readFile(hba);
  await sql(
    lab.postgres,
    'CREATE TABLE noise (id bigserial); GRANT INSERT ON noise TO app; GRANT USAGE ON noise_id_seq TO app',
  );
});

afterEach(async () => {
  await clients?.close();
  clients = undefined;
  await writeFile(hba, original);
  await plan.run('live-unfence', {});
});

afterAll(async () => {
  await operations?.close();
  if (lab) await labDown(lab.dir);
});

describe('a fence', () => {
  test('throws out an application that reconnects all the time, lets in Barman and the superuser, and is lifted to the very bytes', async () => {
    clients = restlessClients(lab.postgres, 'noise', 20);
    await connected(20);
    const before = await stat(hba);
    const facts = await plan.run('cutover-facts', {});
    expect(facts.hba).toMatchObject({ file: hba, unsupported: null });
    expect(facts.sessions).toEqual([{ role: 'app', application: 'restless', count: 20 }]);
    const fenced = await plan.run('live-fence', {});
    const commits = clients.commits();
    expect(fenced.exempt).toEqual(['postgres', 'barback_probe', 'barman', 'streaming_barman']);
    expect(new Set(fenced.ended.map((one) => `${one.role} ${one.application}`))).toEqual(new Set(['app restless']));
    expect(fenced.ended.length).toBeGreaterThanOrEqual(20);
    expect(fenced.closedAt).toBeGreaterThan(0);
    // Longer than all of them need to come back.
    await delay(1_000);
    expect(clients.commits()).toBe(commits);
    expect(clients.connected()).toBe(0);
    expect(clients.refusal()).toMatch(/pg_hba.conf rejects connection/);
    expect(await isStreaming(lab.postgres)).toBe(true);
    expect((await runCommand([...lab.barman.argv, 'check', 'main'])).stdout).toMatch(/PostgreSQL: OK[^]*streaming: OK/);
    expect((await plan.run('cutover-facts', {})).fencedBy).toBe(plan.plan);
    expect(await readFile(hba, 'latin1')).toMatch(/^# BEGIN Barback fence of plan .*pg_ctl reload /);
    // Repeating it, as after a crash of the agent, changes nothing.
    expect(await plan.run('live-fence', {})).toMatchObject({ ended: [] });
    expect(await plan.run('live-unfence', {})).toMatchObject({ wasFenced: true });
    await connected(20);
    expect(await readFile(hba)).toEqual(original);
    const { uid, gid, mode } = await stat(hba);
    expect({ uid, gid, mode }).toEqual({ uid: before.uid, gid: before.gid, mode: before.mode });
    expect(await plan.run('live-unfence', {})).toMatchObject({ wasFenced: false });
  });

  test('is not passed by a client that was already on its way in under the old rules', async () => {
    const socket = createConnection(path.join(lab.postgres.host, `.s.PGSQL.${lab.postgres.port}`));
    await once(socket, 'connect');
    const closed = once(socket.resume(), 'close');
    // The postmaster has begun its process once a later client is served.
    await sql(lab.postgres, 'SELECT 1');
    await plan.run('live-fence', {});
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  test('ends a walsender that can run SQL, and lets standbys be', async () => {
    await sql(lab.postgres, 'CREATE ROLE replica REPLICATION LOGIN');
    const ident = path.join(lab.postgres.configDir, 'pg_ident.conf');
    const own = (await import('node:os')).userInfo().username;
    await appendFile(ident, `lab "${own}" replica\n`);
    await sql(lab.postgres, 'SELECT pg_reload_conf()');
    const logical = walsender('database', 'logical');
    const physical = walsender('true', 'physical');
    await logical.connect();
    await physical.connect();
    const { ended } = await plan.run('live-fence', {});
    expect(ended).toEqual([expect.objectContaining({ role: 'replica', application: 'logical' })]);
    expect(await sql(lab.postgres, "SELECT application_name FROM pg_stat_activity WHERE usename = 'replica'")).toBe(
      'physical',
    );
    await physical.end();
  });

  test('keeps what somebody writes into the file meanwhile, and is not lifted by guessing when it was torn', async () => {
    await plan.run('live-fence', {});
    await appendFile(hba, 'local all written_meanwhile peer\n');
    await plan.run('live-unfence', {});
    expect(await readFile(hba)).toEqual(Buffer.concat([original, Buffer.from('local all written_meanwhile peer\n')]));
    await writeFile(hba, original);
    await plan.run('live-fence', {});
    const text = await readFile(hba, 'latin1');
    await writeFile(hba, text.replace(/^# END Barback fence\n/m, ''), 'latin1');
    for (const op of ['live-fence', 'live-unfence'] as const) {
      const problem = await plan.problem(op, {});
      expect(problem.type).toBe('urn:barback:problem:fence-incomplete');
      expect(problem.next).toMatch(/remove the lines from BEGIN to END, then .*pg_ctl reload/);
    }
  });

  test('is taken away before anybody is thrown out when the agent itself cannot get in, and when the rules have faults', async () => {
    clients = restlessClients(lab.postgres, 'noise', 2);
    await connected(2);
    for (const [rules, told] of [
      // The rule that lets the agent in cannot be narrowed; the one that can asks for a password.
      [
        'local all /^(post|ap) peer map=lab\nlocal all +insiders peer map=lab\nlocal all all scram-sha-256\nlocal replication all peer map=lab\n',
        /cannot connect any more/,
      ],
      [`${original.toString('latin1')}local all all no_such_method\n`, /finds faults in pg_hba.conf/],
    ] as const) {
      await sql(
        lab.postgres,
        'DO $$ BEGIN CREATE ROLE insiders; GRANT insiders TO postgres, app; EXCEPTION WHEN duplicate_object THEN NULL; END $$',
      );
      await writeFile(hba, rules, 'latin1');
      const problem = await plan.problem('live-fence', {});
      expect(problem.type).toBe('urn:barback:problem:fence-incomplete');
      expect(problem.detail).toMatch(told);
      expect(await readFile(hba, 'latin1')).toBe(rules);
      const commits = clients.commits();
      await poll('more commits', 10_000, () => ((clients?.commits() ?? 0) > commits ? true : undefined));
    }
  });

  test('that would shut out Barman is refused by name, with nothing changed', async () => {
    await writeFile(hba, 'local all postgres peer map=lab\nlocal all +people peer map=lab\n');
    const problem = await plan.problem('live-fence', {});
    expect(problem).toMatchObject({
      type: 'urn:barback:problem:fence-incomplete',
      facts: { shutOut: ['barman', 'streaming_barman'] },
    });
    expect((await plan.run('cutover-facts', {})).hba?.unsupported).toMatch(/lets in barman, streaming_barman/);
    expect(await readFile(hba, 'latin1')).not.toContain('Barback');
  });

  test('is never written through a link to a file of somebody else', async (context) => {
    needsRoot(context, 'without it there is no file of somebody else');
    const foreign = path.join(lab.dir, 'of-root.conf');
    await writeFile(foreign, original, { mode: 0o644 });
    await rename(hba, `${hba}.aside`);
    await symlink(foreign, hba);
    try {
      for (const op of ['live-fence', 'live-unfence'] as const) {
        const problem = await plan.problem(op, {});
        expect(problem.type).toBe('urn:barback:problem:location-unsafe');
        expect(problem.detail).toMatch(/leads to a file of user id 0/);
      }
      expect(await readFile(foreign)).toEqual(original);
      // A link to a file of PostgreSQL's own user may be the administrator's.
      const { uid, gid } = await stat(`${hba}.aside`);
      await chown(foreign, uid, gid);
      await plan.run('live-fence', {});
      expect((await lstat(hba)).isSymbolicLink()).toBe(true);
      expect(await readFile(foreign, 'latin1')).toContain('# BEGIN Barback fence');
      await plan.run('live-unfence', {});
      expect(await readFile(foreign)).toEqual(original);
    } finally {
      await rm(hba);
      await rename(`${hba}.aside`, hba);
      await rm(foreign);
    }
  });

  test('around a live that is stopped is only written, and holds when it starts', async () => {
    await stopCluster(lab.postgres);
    expect(await plan.run('live-fence', {})).toMatchObject({ ended: [], closedAt: null });
    await startCluster(lab.postgres);
    clients = restlessClients(lab.postgres, 'noise', 1);
    const told = clients;
    await poll('a refusal', 10_000, () => (/rejects connection/.test(told.refusal()) ? true : undefined));
    await plan.run('live-unfence', {});
    await connected(1);
  });

  test('that a session does not leave is reported with the session after half a minute, and live goes on once it is lifted', async () => {
    clients = restlessClients(lab.postgres, 'noise', 2);
    await connected(2);
    // One that does nothing: a session that is stopped while it writes may hold what everybody else waits for.
    const { host, port, database } = lab.postgres;
    const idle = new Client({ host, port, database, user: 'app', application_name: 'idle' });
    idle.on('error', () => undefined);
    await idle.connect();
    const frozen = Number(await sql(lab.postgres, "SELECT pid FROM pg_stat_activity WHERE application_name = 'idle'"));
    process.kill(frozen, 'SIGSTOP');
    try {
      const problem = await plan.problem('live-fence', {});
      expect(problem.type).toBe('urn:barback:problem:fence-incomplete');
      expect(problem.detail).toContain(`${frozen} (app, idle)`);
      expect(problem.next).toMatch(/live goes on/);
      const { sessions } = problem.facts as { sessions: { pid: number; role: string }[] };
      expect(sessions.map(({ pid, role }) => ({ pid, role }))).toContainEqual({ pid: frozen, role: 'app' });
      await plan.run('live-unfence', {});
      const commits = clients.commits();
      await poll('more commits', 10_000, () => ((clients?.commits() ?? 0) > commits ? true : undefined));
    } finally {
      process.kill(frozen, 'SIGCONT');
      await idle.end().catch(() => undefined);
    }
  });
});

async function connected(count: number): Promise<void> {
  const told = clients;
  await poll(`${count} clients connected`, 20_000, () => (told?.connected() === count ? true : undefined));
}

function walsender(replication: string, name: string): Client {
  const { host, port, database } = lab.postgres;
  const options = { host, port, database, user: 'replica', application_name: name, replication };
  const client = new Client(options);
  client.on('error', () => undefined);
  return client;
}
