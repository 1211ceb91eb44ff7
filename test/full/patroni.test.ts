import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { agentConfigSchema } from '@barback/agent/config.ts';
import type { Host } from '@barback/agent/operations/handler.ts';
import { readSurroundings } from '@barback/agent/operations/surroundings-facts.ts';
import { processIdentity, signalProcess } from '@barback/agent/system/process-table.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { codename } from '../lab/barman-program.ts';
import { freePort } from '../lab/free-port.ts';
import { poll } from '../lab/poll.ts';
import { newestPostgres } from '../lab/requirements.ts';
import { asUser, mustRun, runCommand, startDetached } from '../lab/run-command.ts';
import { unpackPackages } from '../lab/unpacked-packages.ts';

// Debian's Patroni with a cluster of its own and its configuration store in its own process (Raft).
const packages = ['patroni', 'python3-pysyncobj', 'python3-cdiff', 'python3-click', 'python3-prettytable'];
packages.push('python3-psutil', 'python3-urllib3', 'python3-wcwidth');
const limitMs = 60_000;
const user = process.geteuid?.() === 0 ? 'postgres' : undefined;

let dir: string;
let tree: string;
let binDir: string;
let port: number;
let pid: number;

beforeAll(async () => {
  tree = await unpackPackages({ suite: await codename(), packages });
  binDir = (await newestPostgres())?.binDir ?? '';
  dir = await mkdtemp('/var/tmp/barback-patroni-');
  await chmod(dir, 0o755);
  await writeFile(path.join(dir, 'patroni.yml'), await configuration(), { mode: 0o644 });
  if (user !== undefined) await mustRun(['chown', '-R', user, dir]);
  pid = startDetached(asOwner(python('patroni', file('patroni.yml'))), file('log'), environment());
  // Before that, a server that ends is a bootstrap that failed: Patroni would delete it.
  await poll(logEnd, limitMs, async () => ((await logged('the leader with the lock')) ? true : undefined));
  await poll("Patroni's file in the data directory", limitMs, async () =>
    (await surroundings()).haManagers[0]?.mark === null ? undefined : true,
  );
});

afterAll(async () => {
  const identity = await processIdentity(pid);
  if (identity) await signalProcess(identity, 'SIGTERM');
  await poll('the end of Patroni', limitMs, async () => ((await processIdentity(pid)) ? undefined : true));
  await runCommand(asOwner([path.join(binDir, 'pg_ctl'), '-D', file('data'), '-m', 'immediate', '-w', 'stop']));
  await rm(dir, { recursive: true, force: true });
});

test('Patroni is found with its file in the data directory, and starts a server again that was stopped for a restore', async () => {
  const mark = file('data/patroni.dynamic.json');
  expect((await surroundings()).haManagers).toEqual([{ manager: 'Patroni', pid, mark, paused: false }]);
  const before = await postmaster();
  await stopServer();
  await poll(logEnd, limitMs, async () => ((await answers()) ? true : undefined));
  expect(await postmaster()).not.toBe(before);
});

test('Patroni that is paused is known to be, and leaves a stopped server alone', async () => {
  await mustRun(asOwner(python('patronictl', '-c', file('patroni.yml'), 'pause', '--wait', 'lab')), {
    env: environment(),
  });
  await poll('the pause in the data directory', limitMs, async () =>
    (await surroundings()).haManagers[0]?.paused ? true : undefined,
  );
  await stopServer();
  // It has looked, and let it be.
  await poll(logEnd, limitMs, async () => ((await logged('PAUSE: postgres is not running')) ? true : undefined));
  expect(await answers()).toBe(false);
});

function file(name: string): string {
  return path.join(dir, name);
}

function environment(): Record<string, string> {
  return { HOME: dir, PYTHONPATH: path.join(tree, 'usr/lib/python3/dist-packages') };
}

function python(program: string, ...args: string[]): string[] {
  return ['/usr/bin/python3', path.join(tree, 'usr/bin', program), ...args];
}

function asOwner(argv: readonly string[]): string[] {
  return asUser(user, argv);
}

async function configuration(): Promise<string> {
  const [rest, raft] = [await freePort(), await freePort()].map((one) => `127.0.0.1:${one}`);
  port = await freePort();
  const listen = `127.0.0.1:${port}`;
  return stringify({
    scope: 'lab',
    name: 'one',
    restapi: { listen: rest, connect_address: rest },
    raft: { data_dir: file('raft'), self_addr: raft },
    bootstrap: {
      dcs: { ttl: 20, loop_wait: 1, retry_timeout: 3 },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'no-sync'],
    },
    postgresql: {
      listen,
      connect_address: listen,
      data_dir: file('data'),
      bin_dir: binDir,
      pgpass: file('pgpass'),
      use_unix_socket: true,
      use_unix_socket_repl: true,
      pg_hba: ['local all all trust', 'local replication all trust'],
      authentication: { superuser: { username: 'postgres' }, replication: { username: 'replicator' } },
      parameters: { unix_socket_directories: dir, shared_buffers: '16MB', dynamic_shared_memory_type: 'mmap' },
    },
  });
}

/** What the agent sees; it asks the server nothing that this needs. */
async function surroundings(): ReturnType<typeof readSurroundings> {
  const { servers } = agentConfigSchema.pick({ servers: true }).parse({
    servers: {
      main: {
        barman: { argv: ['/bin/false'], server: 'main' },
        postgres: {
          binDirectory: binDir,
          dataDirectory: file('data'),
          socketDirectory: dir,
          port,
          superuser: 'postgres',
          ...(user === undefined ? {} : { user }),
        },
      },
    },
  });
  const server = servers['main'];
  if (!server) throw new Error('the configuration lost its server');
  const config = { stateDirectory: dir, servers } as Host['config'];
  const call = { opid: newId(Date.now()), plan: null, signal: new AbortController().signal };
  const quiet = { progress: () => undefined, log: () => undefined };
  return readSurroundings({ config, serverName: 'main', server }, null, { ...call, ...quiet });
}

async function answers(): Promise<boolean> {
  return (await runCommand([path.join(binDir, 'pg_isready'), '-q', '-h', dir, '-p', String(port)])).code === 0;
}

async function logged(words: string): Promise<boolean> {
  return (await readFile(file('log'), 'utf8')).includes(words);
}

async function postmaster(): Promise<string | undefined> {
  return (await readFile(file('data/postmaster.pid'), 'utf8')).split('\n')[0];
}

async function stopServer(): Promise<void> {
  await mustRun(asOwner([path.join(binDir, 'pg_ctl'), '-D', file('data'), '-m', 'fast', '-w', 'stop']));
}

function logEnd(): string {
  return `what Patroni should do; the end of its log:\n${readFileSync(file('log'), 'utf8').slice(-2_000)}`;
}
