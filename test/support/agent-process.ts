import { patient } from '../lab/patience.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  importPublicKey,
  newPrivateJwk,
  publicPart,
  thumbprint,
  type PrivateJwk,
  type PublicJwk,
} from '@barback/shared/wire/keys.ts';
import type { PinnedKeys } from '@barback/shared/wire/jws.ts';

const agentMain = path.join(import.meta.dirname, 'test-agent-main.ts');

/** An agent in a private directory: real gateway and executor processes with generated keys and certificate. */
export class AgentProcess {
  readonly directory: string;
  readonly stateDirectory: string;
  readonly configFile: string;
  readonly agentId = 'agent-1';
  readonly apiId = 'api-1';
  readonly apiKey: PrivateJwk;
  url = '';
  certificate = '';
  agentKeys: PinnedKeys = new Map();
  gateway: ChildProcess | undefined;
  executor: ChildProcess | undefined;
  /** What both processes wrote to standard error. */
  errors = '';

  constructor(directory: string, apiKey: PrivateJwk) {
    this.directory = directory;
    this.stateDirectory = path.join(directory, 'state');
    this.configFile = path.join(directory, 'agent.yaml');
    this.apiKey = apiKey;
  }

  static async create(): Promise<AgentProcess> {
    const directory = await mkdtemp(path.join(tmpdir(), 'barback-agent-'));
    const agent = new AgentProcess(directory, await newPrivateJwk());
    await mkdir(path.join(directory, 'data'));
    await writeFile(agent.configFile, agentYaml(agent));
    const publicKey = JSON.parse(await agent.run('keys')) as PublicJwk;
    agent.agentKeys = new Map([[await thumbprint(publicKey), await importPublicKey(publicKey)]]);
    agent.certificate = await agent.run('certificate');
    await agent.startExecutor();
    await agent.startGateway();
    return agent;
  }

  /** Runs one sub-command to its end and returns what it prints. */
  async run(command: string, ...more: string[]): Promise<string> {
    const child = this.#spawn(command, ...more);
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`${command} ended with ${String(code)}: ${this.errors}`);
    return text.trim();
  }

  async startExecutor(): Promise<void> {
    this.executor = this.#spawn('executor');
    await this.#firstLine(this.executor);
  }

  async startGateway(): Promise<void> {
    this.gateway = this.#spawn('gateway');
    this.url = (JSON.parse(await this.#firstLine(this.gateway)) as { listening: string }).listening;
  }

  /** Kills one of the processes as a crash would. */
  async kill(which: 'gateway' | 'executor'): Promise<void> {
    const child = this[which];
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await closed;
  }

  async readState(file: string): Promise<string> {
    return readFile(path.join(this.stateDirectory, file), 'utf8');
  }

  /** Ends everything that was started for this agent, runners and their programs included. */
  async stop(): Promise<void> {
    await this.kill('gateway');
    await this.kill('executor');
    const deadline = Date.now() + patient(10_000);
    for (let pids = await this.processes(); pids.length > 0; pids = await this.processes()) {
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      if (Date.now() > deadline) throw new Error(`cannot end processes ${pids.join(', ')} of ${this.directory}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Every running process that names a file of this agent. */
  async processes(): Promise<number[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const named = pids.map(async (pid) => {
      const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return argv.includes(`${this.directory}/`) ? pid : undefined;
    });
    return (await Promise.all(named)).filter((pid) => pid !== undefined);
  }

  #spawn(...command: string[]): ChildProcess {
    const child = spawn(process.execPath, [agentMain, ...command, '--config', this.configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/bin:/bin' },
    });
    child.stderr.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    return child;
  }

  async #firstLine(child: ChildProcess): Promise<string> {
    if (!child.stdout) throw new Error('the process has no standard output');
    for await (const line of createInterface({ input: child.stdout })) return line;
    throw new Error(`the agent did not start: ${this.errors}`);
  }
}

function agentYaml(agent: AgentProcess): string {
  const { directory } = agent;
  // YAML 1.2 reads JSON.
  return JSON.stringify({
    id: agent.agentId,
    stateDirectory: agent.stateDirectory,
    socket: path.join(directory, 'executor.sock'),
    signingKeyFile: path.join(directory, 'signing-key.json'),
    gateway: {
      host: '127.0.0.1',
      port: 0,
      certificateFile: path.join(directory, 'gateway.crt'),
      keyFile: path.join(directory, 'gateway.key'),
    },
    apis: [{ id: agent.apiId, publicKey: publicPart(agent.apiKey) }],
    servers: {
      main: {
        barman: { argv: ['/bin/false'], server: 'main' },
        postgres: {
          binDirectory: '/usr/bin',
          dataDirectory: path.join(directory, 'data'),
          socketDirectory: directory,
          port: 5432,
        },
      },
      other: {
        barman: { argv: ['/bin/false'], server: 'other' },
        postgres: {
          binDirectory: '/usr/bin',
          dataDirectory: path.join(directory, 'data'),
          socketDirectory: directory,
          port: 5433,
        },
      },
    },
  });
}
