import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProvisionResult } from '@barback/api/scenarios/provision-result.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { waitForCleanCheck } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { freePort } from '../lab/free-port.ts';
import { poll } from '../lab/poll.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { findProgram } from '../lab/requirements.ts';
import { mustRun, startDetached } from '../lab/run-command.ts';
import {
  endOf,
  request,
  resume,
  startRun,
  stepOf,
  waitForRun,
  type PlanBody,
  type RunBody,
} from '../support/barback-client.ts';
import type { Box } from '../support/box.ts';
import { acknowledgedPlan, loseHost, marksOf } from '../support/lost-host.ts';
import { moduleText, secretOfProvider, startProvisioner, type Provisioner } from '../support/provisioner.ts';
import { enrolmentToken } from '../support/second-host.ts';
import { twoHosts } from '../support/two-hosts.ts';
import { LAB_MARK } from '../lab/lab-mark.ts';

const program = (await findProgram('terraform')) ?? (await findProgram('tofu'));

let first: Lab;
let second: Lab;
let box: Box;
let held: readonly string[];
let infra: Provisioner;
const stops: (() => Promise<void>)[] = [];

// Without the program the host is made by hand: docs/disaster-recovery.md, enrolment.test.ts.
describe('provisioning by Terraform', () => {
  beforeEach(({ skip }) => {
    if (program === undefined) skip('needs terraform or tofu, and neither is installed');
  });

  beforeAll(async () => {
    if (program === undefined) return;
    ({ first, second, box } = await twoHosts(stops));
    infra = await startProvisioner(first, program ?? '');
  });

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  test('is refused while the old host answers, and for what is no provisioner', async () => {
    await infra.write('main.tf', moduleText());
    const plan = await planProvision();
    expect([plan.state, codesOf(plan)]).toEqual(['blocked', ['old-host-answers']]);
    const wrong = await request(first, 'POST', '/v1/plans', {
      body: { server: 'main', scenario: 'provision', options: { replaces: 'main' } },
    });
    expect(wrong.json).toMatchObject({ status: 422, type: 'urn:barback:problem:provision-refused' });
    const drill = await request(first, 'POST', '/v1/plans', {
      body: { server: 'infra', scenario: 'drill', target: { type: 'latest' } },
    });
    expect(drill.json).toMatchObject({ status: 422, detail: expect.stringContaining('has no database') as unknown });
    const page = await request(first, 'GET', '/v1/servers/infra.txt');
    expect(page.text).toMatch(/^provisioner +infra, agent .*: answers/);
    const listed = await request(first, 'GET', '/v1/servers');
    expect(listed.json).toMatchObject({
      servers: [
        { name: 'infra', kind: 'provisioner' },
        { name: 'main', kind: 'database' },
      ],
    });
  });

  test('makes the host that was approved, waits for its agent, and the next plan restores it from the mirror', async () => {
    const app = path.join(second.dir, 'app');
    const tokenFile = path.join(second.dir, 'agent', 'token');
    const enroll = [path.join(app, 'node'), path.join(app, 'agent.mjs'), 'enroll', '--config', second.agent.configFile];
    // As cloud-init does it on a new host, from a token that was made before.
    const command = [...enroll, '--token-file', tokenFile, '--agent-url', second.agent.url].join(' ');
    await infra.write('main.tf', moduleText({ command }));
    await writeToken(tokenFile);
    ({ held } = await loseHost(first));
    const unread = await planProvision();
    expect([unread.state, codesOf(unread)]).toEqual(['blocked', ['old-host']]);
    const plan = await planProvision({ acknowledge: ['old-host'] });
    expect(plan.state).toBe('needs_approval');
    const page = await request(first, 'GET', `/v1/plans/${plan.id}.txt`);
    expect(page.text).toMatch(/terraform_data\.server +create/);
    expect(page.text).toContain('(sensitive value)');
    expect((await request(first, 'POST', `/v1/plans/${plan.id}/runs`)).status).toBe(403);
    const run = await approvedRun(plan);
    expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
    const { applied, outputs, enrolled } = run.result as unknown as ProvisionResult;
    expect(applied).toMatchObject({ added: 3, changed: 0, destroyed: 0 });
    expect(outputs).toEqual([
      { name: 'address', value: '10.0.0.9' },
      { name: 'secret', value: null },
    ]);
    expect(enrolled).toMatchObject({ server: 'main', agentUrl: second.agent.url });
    expect(await leftovers()).toEqual([]);
    const audit = await request(first, 'GET', '/v1/audit/export', { role: 'admin' });
    expect(audit.text).not.toContain(secretOfProvider);
    const restore = await endOf(second, (await startRun(second, await acknowledgedPlan(second))).id);
    expect(restore.state, JSON.stringify(restore.problem)).toBe('succeeded');
    expect(await marksOf(second)).toEqual(held);
    await waitForCleanCheck(second.barman);
  });

  describe('when another host is to be made', () => {
    beforeAll(async () => {
      if (program !== undefined) await killProgram(second, 'gateway');
    });

    test('looks for the old one by the key of its sshd too, and tells another machine at its address', async () => {
      // The sshd of the box stands for that of the old host.
      const { port, knownHostsFile } = box.account;
      const hostKey = (await readFile(knownHostsFile, 'utf8')).trim().split(' ').slice(1, 3).join(' ');
      const silent = await freePort();
      const at = (ssh: object) =>
        infra.configure({ hosts: { main: { ssh: { host: '127.0.0.1', port, hostKey, ...ssh } } } });
      const seen = async () => {
        const { findings } = await planProvision();
        return findings.find((one) => one.code.startsWith('old-host'));
      };
      await at({});
      expect(await seen()).toMatchObject({ code: 'old-host-answers', severity: 'blocking' });
      await at({ hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHuyk0n0PVAhyCqT7Bl5mhgd2tOOdZfrUVD4Dfs2OdEb' });
      expect((await seen())?.detail).toContain('at its address an sshd answers that has another key');
      await at({ port: silent });
      expect((await seen())?.detail).toContain('no sshd answers at its address');
      await infra.configure({});
    });

    test('is blocked where a server or a volume would be replaced, unless the configuration names the server', async () => {
      await infra.write('main.tf', moduleText({ image: 'debian-13' }));
      const blocked = await planProvision({ acknowledge: ['old-host'] });
      expect([blocked.state, codesOf(blocked)]).toEqual(['blocked', ['provision-forbidden', 'old-host']]);
      expect(blocked.findings[0]?.detail).toContain('terraform_data.server: it would be replaced');
      await infra.configure({ mayReplace: ['terraform_data.*'], never: ['terraform_data.volume'] });
      expect((await planProvision({ acknowledge: ['old-host'] })).state).toBe('needs_approval');
      await infra.write(
        'main.tf',
        moduleText({ image: 'debian-13' }).replace('input = "data"', 'input = "data"\n  triggers_replace = ["other"]'),
      );
      const volume = await planProvision({ acknowledge: ['old-host'] });
      expect(volume.findings[0]?.detail).toContain(
        'terraform_data.volume: the configuration says that it is never replaced',
      );
    });

    test('applies nothing that is not what was approved', async () => {
      const log = path.join(infra.directory, 'made');
      await infra.write('main.tf', moduleText({ image: 'debian-13', command: `touch ${log}` }));
      const plan = await planProvision({ acknowledge: ['old-host'] });
      await infra.write('main.tf', moduleText({ image: 'debian-14', command: `touch ${log}` }));
      const run = await approvedRun(plan);
      expect([run.state, run.problem?.type]).toEqual(['failed', 'urn:barback:problem:provision-changed']);
      expect(existsSync(log)).toBe(false);
      expect(await leftovers()).toEqual([]);
    });

    test('waits for nobody who holds the lock, and applies nothing', async () => {
      const release = path.join(infra.directory, 'release');
      const command = `until [ -e ${release} ]; do sleep 0.1; done`;
      await infra.write('main.tf', moduleText({ image: 'debian-15', command }));
      const argv = [
        program ?? '',
        `-chdir=${infra.directory}`,
        'apply',
        '-auto-approve',
        '-input=false',
        '-var',
        'token=x',
      ];
      await mustRun([program ?? '', `-chdir=${infra.directory}`, 'init', '-input=false']);
      startDetached(argv, path.join(first.dir, 'log', 'terraform.log'), { [LAB_MARK]: first.id });
      await poll('the lock', 20_000, () =>
        existsSync(path.join(infra.directory, '.terraform.tfstate.lock.info')) ? true : undefined,
      );
      const run = await approvedRun(await planProvision({ acknowledge: ['old-host'] }));
      await infra.write('release', '');
      expect([run.state, run.problem?.type]).toEqual(['failed', 'urn:barback:problem:provision-locked']);
      await poll('the end of the other', 20_000, () =>
        existsSync(path.join(infra.directory, '.terraform.tfstate.lock.info')) ? undefined : true,
      );
    });

    test('stops for a person when a provisioner fails, says what is left, and a new plan makes it good', async () => {
      await infra.write('main.tf', moduleText({ image: 'debian-16', command: 'echo no >&2; exit 3' }));
      const run = await approvedRun(await planProvision({ acknowledge: ['old-host'] }));
      expect(run.state).toBe('needs_operator');
      expect(run.problem?.detail).toMatch(/apply ended after \d of \d changes: .*local-exec provisioner error/);
      await saysWhatIsLeft(run.id);
      await request(first, 'POST', `/v1/runs/${run.id}/cancel`);
      await waitForRun(first, run.id, (one) => one.state === 'cancelled' || one.state === 'failed');
      await infra.write('main.tf', moduleText({ image: 'debian-16' }));
      const plan = await planProvision({ acknowledge: ['old-host'], enrolWithin: '1s' });
      const good = await approvedRun(plan);
      // Nobody enrols here: what was made is told apart from who came.
      expect([good.state, good.problem?.type]).toEqual(['needs_operator', 'urn:barback:problem:not-enrolled']);
      expect(stepOf(good, 'apply').state).toBe('succeeded');
      await request(first, 'POST', `/v1/runs/${good.id}/cancel`);
      await waitForRun(first, good.id, (one) => one.state === 'cancelled' || one.state === 'failed');
    });

    test.for(['api', 'executor', 'runner'] as const)(
      'whose %s is killed while it applies goes on, or says what is left',
      async (name) => {
        const begun = path.join(infra.directory, `begun-${name}`);
        await infra.write('main.tf', moduleText({ image: `killed-${name}`, command: `touch ${begun}; sleep 5` }));
        const plan = await planProvision({ acknowledge: ['old-host'], enrolWithin: '1s' });
        await approve(plan);
        const { id } = await startRun(first, plan);
        await poll('the provisioner at work', 60_000, () => (existsSync(begun) ? true : undefined));
        if (name === 'api') {
          await killProgram(first, 'api');
          await startProgram(first, 'api');
        } else {
          await infra.kill(name);
          if (name === 'executor') await infra.start(name);
        }
        const run = await endOf(first, id);
        expect(run.state).toBe('needs_operator');
        const isDone = stepOf(run, 'apply').state === 'succeeded';
        // What the runner has started is ended with it, and nobody knows how far it had come.
        expect(isDone || name === 'runner').toBe(true);
        if (!isDone) await saysWhatIsLeft(id);
        await request(first, 'POST', `/v1/runs/${id}/cancel`);
        await waitForRun(first, id, (one) => one.state === 'cancelled' || one.state === 'failed');
        expect(await leftovers()).toEqual([]);
      },
    );

    test('says so when the program is not there', async () => {
      await infra.configure({ program: '/usr/local/bin/terraform-that-is-not-there' });
      const answer = await request(first, 'POST', '/v1/plans', { body: bodyOf() });
      expect(answer.json).toMatchObject({ status: 422, type: 'urn:barback:problem:provision-refused' });
      expect(answer.text).toContain('by hand');
    });
  });
});

async function saysWhatIsLeft(id: string): Promise<void> {
  await resume(first, id);
  await poll('what is left', 60_000, async () => {
    const { json } = await request(first, 'GET', `/v1/runs/${id}`);
    return (json as RunBody).problem?.detail.includes('is not done: terraform_data.server') ? true : undefined;
  });
}

function bodyOf(options: object = {}) {
  return { server: 'infra', scenario: 'provision', options: { replaces: 'main', ...options } };
}

async function planProvision(options: object = {}): Promise<PlanBody> {
  const answer = await request(first, 'POST', '/v1/plans', { body: bodyOf(options) });
  if (answer.status !== 201) throw new Error(`cannot plan: ${answer.status} ${answer.text}`);
  return answer.json as PlanBody;
}

function codesOf({ findings }: PlanBody): string[] {
  return findings.map(({ code }) => code);
}

async function approve(plan: PlanBody): Promise<void> {
  const { hash } = plan as PlanBody & { hash: string };
  const answer = await request(first, 'POST', `/v1/plans/${plan.id}/approvals`, { role: 'approver', body: { hash } });
  if (answer.status >= 300) throw new Error(`cannot approve: ${answer.text}`);
}

async function approvedRun(plan: PlanBody): Promise<RunBody> {
  await approve(plan);
  return endOf(first, (await startRun(first, plan)).id);
}

async function writeToken(file: string): Promise<void> {
  await writeFile(file, await enrolmentToken(first), { mode: 0o600 });
}

/** Plans hold the values of variables: nothing of them stays. */
async function leftovers(): Promise<string[]> {
  const names = (await readdir('/var/tmp')).filter((name) => name.startsWith('barback-provision-'));
  const mine = await Promise.all(
    names.map(async (name) =>
      (await readFile(path.join('/var/tmp', name, 'plan')).catch(() => null)) === null ? [] : [name],
    ),
  );
  return mine.flat();
}
