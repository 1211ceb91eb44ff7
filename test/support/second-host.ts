import { copyFile, mkdtemp, chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { enrolmentTokenSchema } from '@barback/shared/wire/enrolment.ts';
import { parse, stringify } from 'yaml';
import { startCluster } from '../lab/cluster-control.ts';
import { labDown } from '../lab/down.ts';
import { labProcesses } from '../lab/lab-processes.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { mustRun, runCommand } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import type { Box } from './box.ts';
import { apiCommand } from './offsite.ts';

/** Another host as provisioning leaves it, with access to the box of the first, seen through the first one's api. */
export async function secondHost(
  first: Lab,
  box: Box,
  parent = '/var/tmp',
): Promise<{ lab: Lab; stop: () => Promise<void> }> {
  const dir = await mkdtemp(path.join(parent, 'barback-test-'));
  await chmod(dir, 0o755);
  const place = path.join(dir, 'lab');
  const stop = async (): Promise<void> => {
    await labDown(place);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const lab = await labUp({ dir: place, ...first.barman.protection });
    await killProgram(lab, 'api');
    await obeyTheApiOf(first, lab);
    await giveAccess(lab, box);
    await killProgram(lab, 'executor');
    await startProgram(lab, 'executor');
    return { lab: { ...lab, api: first.api }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface AgentFile {
  apis: unknown;
  servers: { main: { mirror?: object } };
}

/** From the start, as after an enrolment: its executor is not started twice. */
async function obeyTheApiOf(first: Lab, lab: Lab): Promise<void> {
  const { id, publicKey } = enrolmentTokenSchema.parse(JSON.parse(await enrolmentToken(first))).api;
  await changeAgentFile(lab, (config) => {
    config.apis = [{ id, publicKey }];
  });
}

async function giveAccess(lab: Lab, box: Box): Promise<void> {
  const identityFile = path.join(lab.dir, 'agent', 'box-key');
  const knownHostsFile = path.join(lab.dir, 'agent', 'box-hosts');
  await copyFile(box.account.identityFile, identityFile);
  await copyFile(box.account.knownHostsFile, knownHostsFile);
  if (process.geteuid?.() === 0) await mustRun(['chown', `${lab.barman.osUser}:`, identityFile, knownHostsFile]);
  const { port, user } = box.account;
  await changeAgentFile(lab, (config) => {
    const account = { host: '127.0.0.1', port, user, directory: 'barman-mirror' };
    config.servers.main.mirror = { ...account, identityFile, knownHostsFile };
  });
}

async function changeAgentFile(lab: Lab, change: (config: AgentFile) => void): Promise<void> {
  const config = parse(await readFile(lab.agent.configFile, 'utf8')) as AgentFile;
  change(config);
  await writeFile(lab.agent.configFile, stringify(config));
}

/** The first host is gone with everything on it; its api and the box are elsewhere. */
export async function destroyHost(lab: Lab): Promise<void> {
  const isElsewhere = (argv: readonly string[]): boolean =>
    /(^|\/)sshd/.test(argv[0] ?? '') ||
    argv.includes(path.join(lab.dir, 'app', 'api.mjs')) ||
    argv.some((word) => word.startsWith(path.join(lab.dir, 'provisioner')));
  await poll('the host is dead', 20_000, async () => {
    const here = (await labProcesses(lab)).filter(({ argv }) => !isElsewhere(argv));
    for (const { pid } of here) endAtOnce(pid);
    return here.length === 0 ? true : undefined;
  });
  for (const part of ['pg', 'barman', 'agent']) await rm(path.join(lab.dir, part), { recursive: true, force: true });
}

/** Everything on it ends at once and is started again, as far as one machine can stand for two; what lies in memory is lost, what is on disk is not. */
export async function restartHost(lab: Lab): Promise<void> {
  const isCron = (argv: readonly string[]): boolean => argv[1]?.endsWith('/cron-supervisor.ts') === true;
  await poll('everything has ended', 20_000, async () => {
    const here = (await labProcesses(lab)).filter(({ argv }) => !isCron(argv));
    for (const { pid } of here) endAtOnce(pid);
    return here.length === 0 ? true : undefined;
  });
  // A host comes up with an empty /run.
  const sockets = (await readdir(lab.postgres.host)).filter((name) => name.startsWith('.s.PGSQL.'));
  for (const name of sockets) await rm(path.join(lab.postgres.host, name));
  await startCluster(lab.postgres);
  for (const name of ['executor', 'gateway'] as const) await startProgram(lab, name);
}

function endAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** As an operator does it: a token is made where the api runs, and the agent of the new host takes the server over with it. */
export async function moveRecord(first: Lab, to: Lab): Promise<string> {
  const tokenFile = path.join(to.dir, 'agent', 'token');
  await writeFile(tokenFile, await enrolmentToken(first), { mode: 0o600 });
  const said = await enrollAgent(to, tokenFile);
  if (said.code !== 0) throw new Error(`cannot move the record: ${said.stdout}${said.stderr}`);
  return said.stdout;
}

export async function enrolmentToken(first: Lab, ...more: readonly string[]): Promise<string> {
  const config = ['--config', path.join(first.dir, 'api', 'api.yaml')];
  const url = more.includes('--api-url') ? [] : ['--api-url', first.api.url];
  const said = await apiCommand(first, 'servers', 'token', first.server, ...url, ...more, ...config);
  if (said.code !== 0) throw new Error(`cannot make a token: ${said.stderr}`);
  return said.stdout;
}

export function enrollAgent(to: Lab, tokenFile: string): ReturnType<typeof runCommand> {
  const app = path.join(to.dir, 'app');
  const program = [path.join(app, 'node'), path.join(app, 'agent.mjs'), 'enroll', '--config', to.agent.configFile];
  return runCommand([...program, '--token-file', tokenFile, '--agent-url', to.agent.url], { limitMs: 150_000 });
}
