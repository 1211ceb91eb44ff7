import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { buildPrograms } from '../../scripts/build.ts';
import { LAB_MARK } from './lab-mark.ts';
import { freePort } from './free-port.ts';
import type { Lab } from './lab.ts';
import type { LabBarman, LabPostgres } from './lab.ts';
import { labProcesses } from './lab-processes.ts';
import type { LabState } from './lab-state.ts';
import { startedBy } from './started-by.ts';
import { poll } from './poll.ts';
import { asUser, mustRun, startDetached } from './run-command.ts';
import type { LabUsers } from './users.ts';

export type ProgramName = 'api' | 'gateway' | 'executor';

interface Placed {
  readonly id: string;
  readonly dir: string;
}

const roles = ['viewer', 'operator', 'approver', 'admin'] as const;

/** Free space that a lab insists on: the default of 1 GiB is for hosts with a production database. */
const labFreeBytesFloor = 64 * 1024 * 1024;

/** Bundles, configures, enrols and starts api and agent, each as its own user when root; returns when both answer. */
export async function createPrograms(
  state: LabState,
  users: LabUsers,
  parts: { postgres: LabPostgres; barman: LabBarman },
): Promise<Pick<Lab, 'api' | 'agent'>> {
  const built = await buildPrograms(path.join(state.dir, 'app'));
  const [gatewayPort, apiPort] = [await freePort(), await freePort()];
  const agentDir = path.join(state.dir, 'agent');
  const apiDir = path.join(state.dir, 'api');
  await mkdir(agentDir, { mode: 0o755 });
  await mkdir(apiDir, { mode: 0o700 });
  const agentConfig = path.join(agentDir, 'agent.yaml');
  const apiConfig = path.join(apiDir, 'api.yaml');
  await writeFile(
    apiConfig,
    stringify({
      database: path.join(apiDir, 'barback.db'),
      signingKeyFile: path.join(apiDir, 'signing-key.json'),
      listen: { host: '127.0.0.1', port: apiPort },
      // Read when it is used: a test that has a Dokploy puts its key there.
      secrets: { dokploy: path.join(apiDir, 'dokploy-key') },
    }),
  );
  await own(users.api, apiDir);
  const api = (...args: string[]): string[] =>
    asUser(users.api, [built.node, built.api, ...args, '--config', apiConfig]);
  const apiIdentity = JSON.parse(await mustRun(api('init'))) as { id: string; publicKey: unknown };
  await writeFile(agentConfig, stringify(agentConfiguration({ state, users, ...parts, gatewayPort, apiIdentity })), {
    mode: 0o644,
  });
  const owner = users.gateway === undefined ? [] : ['--owner', users.gateway];
  await mustRun([built.node, built.agent, 'certificate', '--config', agentConfig, ...owner]);
  const agentKey = await mustRun([built.node, built.agent, 'keys', '--config', agentConfig]);
  await writeFile(path.join(agentDir, 'agent-key.json'), agentKey);
  await writeProgramFile(state, { users, built, agentConfig, apiConfig });
  for (const name of ['executor', 'gateway'] as const) await startProgram(state, name);
  const url = `https://127.0.0.1:${gatewayPort}`;
  await enrol(api, { url, agentDir, id: state.id });
  const keys: Record<string, string> = {};
  for (const role of roles) keys[role] = await createKey(api, role);
  await startProgram(state, 'api');
  return {
    api: { url: `http://127.0.0.1:${apiPort}`, keys: keys as Lab['api']['keys'] },
    agent: { url, configFile: agentConfig },
  };
}

/** Starts one program again with the configuration it had, and returns when it listens. */
export async function startProgram(lab: Placed, name: ProgramName): Promise<void> {
  const commands = JSON.parse(await readFile(programFile(lab), 'utf8')) as Record<ProgramName, string[]>;
  const log = path.join(lab.dir, 'log', `${name}.log`);
  const before = await readFile(log, 'utf8').catch(() => '');
  startDetached(commands[name], log, { [LAB_MARK]: lab.id });
  await poll(
    () => `${name} listening; see ${log}`,
    20_000,
    async () => {
      const said = (await readFile(log, 'utf8').catch(() => '')).slice(before.length);
      if (said.includes('"listening"')) return true;
      if (said !== '' && (await programPids(lab, name)).length === 0) throw new Error(`cannot start ${name}: ${said}`);
      return undefined;
    },
    20,
  );
}

/** Kills every process of a program (or every job runner) and returns when it is gone. */
export async function killProgram(
  lab: Placed,
  name: ProgramName | 'runner',
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  const pids = await programPids(lab, name);
  if (pids.length === 0) throw new Error(`cannot kill ${name}: it does not run`);
  for (const pid of pids) process.kill(pid, signal);
  await poll(`${name} gone`, 20_000, async () => {
    const left = await programPids(lab, name);
    return left.some((pid) => pids.includes(pid)) ? undefined : true;
  });
}

/** Process ids of a program, the wrapper that changed its user excluded. */
export async function programPids(lab: Placed, name: ProgramName | 'runner'): Promise<readonly number[]> {
  const file = path.join(lab.dir, 'app', name === 'api' ? 'api.mjs' : 'agent.mjs');
  const word = name === 'api' ? 'serve' : name;
  const processes = await labProcesses(lab);
  return processes.filter(({ argv }) => argv[1] === file && argv[2] === word).map(({ pid }) => pid);
}

function programFile(lab: Placed): string {
  return path.join(lab.dir, 'programs.json');
}

async function writeProgramFile(
  lab: Placed,
  parts: {
    users: LabUsers;
    built: { node: string; agent: string; api: string };
    agentConfig: string;
    apiConfig: string;
  },
): Promise<void> {
  const { users, built, agentConfig, apiConfig } = parts;
  const commands: Record<ProgramName, string[]> = {
    executor: [built.node, built.agent, 'executor', '--config', agentConfig],
    gateway: asUser(users.gateway, [built.node, built.agent, 'gateway', '--config', agentConfig]),
    api: asUser(users.api, [built.node, built.api, 'serve', '--config', apiConfig]),
  };
  await writeFile(programFile(lab), JSON.stringify(commands));
}

function agentConfiguration(parts: {
  state: LabState;
  users: LabUsers;
  postgres: LabPostgres;
  barman: LabBarman;
  gatewayPort: number;
  apiIdentity: { id: string; publicKey: unknown };
}): unknown {
  const { state, users, postgres, barman } = parts;
  const agentDir = path.join(state.dir, 'agent');
  return {
    id: `agent-${state.id}`,
    stateDirectory: path.join(agentDir, 'state'),
    socket: path.join(state.outsideSocketDir ?? agentDir, 'executor.sock'),
    ...(users.gateway === undefined ? {} : { socketGroup: users.gateway }),
    signingKeyFile: path.join(agentDir, 'signing-key.json'),
    gateway: {
      host: '127.0.0.1',
      port: parts.gatewayPort,
      certificateFile: path.join(agentDir, 'certificate.pem'),
      keyFile: path.join(agentDir, 'certificate-key.pem'),
    },
    apis: [{ id: parts.apiIdentity.id, publicKey: parts.apiIdentity.publicKey }],
    servers: {
      main: {
        barman: { argv: barman.argv, ...(users.barman === undefined ? {} : { user: users.barman }), server: 'main' },
        postgres: {
          ...(users.postgres === undefined ? {} : { user: users.postgres }),
          binDirectory: postgres.binDir,
          dataDirectory: postgres.dataDir,
          socketDirectory: postgres.host,
          port: postgres.port,
          superuser: postgres.superuser,
          service: startedBy(postgres),
        },
        scratch: { freeBytesFloor: labFreeBytesFloor },
      },
    },
  };
}

async function enrol(
  api: (...args: string[]) => string[],
  agent: { url: string; agentDir: string; id: string },
): Promise<void> {
  // The api's user cannot be given files of the agent in production either: an operator copies these two over.
  const files = ['agent-key.json', 'certificate.pem'].map((name) => path.join(agent.agentDir, name));
  for (const file of files) await chmod(file, 0o644);
  const [key, certificate] = files as [string, string];
  await mustRun(
    api(
      'servers',
      'add',
      'main',
      '--agent-url',
      agent.url,
      '--agent-id',
      `agent-${agent.id}`,
      '--agent-key',
      key,
      '--agent-certificate',
      certificate,
      '--rto',
      '15m',
      '--rpo',
      '5m',
    ),
  );
}

async function createKey(api: (...args: string[]) => string[], role: string): Promise<string> {
  const said = await mustRun(api('keys', 'create', '--role', role, '--name', `lab ${role}`));
  const key = /\bbbk_[A-Za-z0-9_-]+/.exec(said)?.[0];
  if (key === undefined) throw new Error(`cannot read the key that was created: ${said}`);
  return key;
}

async function own(user: string | undefined, directory: string): Promise<void> {
  if (user !== undefined) await mustRun(['chown', '-R', `${user}:`, directory]);
}
