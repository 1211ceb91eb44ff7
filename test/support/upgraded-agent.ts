import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '@barback/shared/wire/identifiers.ts';
import type { JobView } from '@barback/shared/wire/job.ts';
import { importPublicKey, newPrivateJwk, publicPart, thumbprint, type PublicJwk } from '@barback/shared/wire/keys.ts';
import { stringify } from 'yaml';
import { freePort } from '../lab/free-port.ts';
import { poll } from '../lab/poll.ts';
import { AgentClient } from './agent-client.ts';
import type { AgentProcess } from './agent-process.ts';

/** Ends when it is told to: a job that is under way for as long as a test wants. */
const barman = `#!/bin/sh
case "$*" in
    *--version*) echo '3.4.0 Barman by EnterpriseDB (www.enterprisedb.com)' ;;
    *) touch /srv/asked; until [ -e /srv/answer ]; do sleep 0.1; done; echo '{"main": {"ssh": {"hint": "", "status": "OK"}}}' ;;
esac
`;

/** What systemd does at an upgrade: the packages first, then a restart that ends the main process alone. */
const script = `#!/bin/sh
barback-agent executor & executor=$!
barback-agent gateway & gateway=$!
until [ -e /srv/upgrade ]; do sleep 0.1; done
dpkg -i /srv/debs/barback-agent_*.deb > /srv/dpkg.log 2>&1; echo $? > /srv/upgraded
kill $executor; wait $executor
barback-agent executor & executor=$!
until [ -e /srv/end ]; do sleep 0.1; done
kill $executor $gateway
`;

/**
 * In a tree with the package installed: a job is begun, the package is installed over itself and the executor started again, and only then
 * what the job waits for comes. Answers the job as it was before and as it ended.
 */
export async function upgradeUnderJob(
  tree: string,
  inTree: (...argv: readonly string[]) => Promise<{ code: number; said: string }>,
): Promise<{ before: JobView; after: JobView; dpkg: string }> {
  const inside = (...parts: readonly string[]): string => path.join(tree, ...parts);
  const flag = (name: string): Promise<void> => writeFile(inside('srv', name), '');
  const agent = await configured(inside, inTree);
  await writeFile(inside('srv/run'), script);
  await chmod(inside('srv/run'), 0o755);
  const running = inTree('/srv/run');
  try {
    const plan = newId(Date.now());
    const claimed = await poll('the executor listens', 30_000, () =>
      agent.result('server-claim', { server: 'main', plan, expect: 0 }).catch(() => undefined),
    );
    const { fence } = claimed as { fence: number };
    const opid = newId(Date.now());
    await agent.job('check-passed', { server: 'main', tolerate: [] }, { opid, plan, fence, step: 'check', attempt: 1 });
    await poll('the job runs', 30_000, () => readFile(inside('srv/asked')).catch(() => undefined));
    const before = await agent.status(opid);
    await flag('upgrade');
    const code = await poll('the upgrade', 120_000, () =>
      readFile(inside('srv/upgraded'), 'utf8').catch(() => undefined),
    );
    await flag('answer');
    const after = await poll('the executor listens again', 60_000, () => agent.ended(opid).catch(() => undefined));
    agent.close();
    return { before, after, dpkg: `${code.trim()} ${await readFile(inside('srv/dpkg.log'), 'utf8')}` };
  } finally {
    await flag('answer');
    await flag('upgrade');
    await flag('end');
    await running;
  }
}

async function configured(
  inside: (...parts: readonly string[]) => string,
  inTree: (...argv: readonly string[]) => Promise<{ code: number; said: string }>,
): Promise<AgentClient> {
  const port = await freePort();
  const apiKey = await newPrivateJwk();
  await mkdir(inside('etc/barback'), { recursive: true });
  await mkdir(inside('run/barback'), { recursive: true });
  await writeFile(inside('srv/barman'), barman);
  await chmod(inside('srv/barman'), 0o755);
  const postgres = {
    binDirectory: '/usr/bin',
    dataDirectory: '/srv/data',
    socketDirectory: '/srv',
    port: 5432,
    superuser: 'postgres',
  };
  const config = {
    id: 'db1',
    stateDirectory: '/var/lib/barback-agent',
    socket: '/run/barback/executor.sock',
    signingKeyFile: '/etc/barback/agent-signing-key.json',
    gateway: {
      host: '127.0.0.1',
      port,
      certificateFile: '/etc/barback/agent.pem',
      keyFile: '/etc/barback/agent-key.pem',
    },
    apis: [{ id: 'api-1', publicKey: publicPart(apiKey) }],
    servers: { main: { barman: { argv: ['/srv/barman'], server: 'main' }, postgres } },
  };
  await writeFile(inside('etc/barback/agent.yaml'), stringify(config));
  const publicKey = JSON.parse((await inTree('barback-agent', 'keys')).said) as PublicJwk;
  const made = await inTree('barback-agent', 'certificate');
  if (made.code !== 0) throw new Error(`cannot make a certificate: ${made.said}`);
  const certificate = await readFile(inside('etc/barback/agent.pem'), 'utf8');
  const agentKeys = new Map([[await thumbprint(publicKey), await importPublicKey(publicKey)]]);
  const agent = { url: `https://127.0.0.1:${port}`, certificate, agentId: 'db1', apiId: 'api-1', apiKey, agentKeys };
  return new AgentClient(agent as unknown as AgentProcess);
}
