import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { importPublicKey, importSigningKey, privateJwkSchema, thumbprint } from '@barback/shared/wire/keys.ts';
import { sha256Hex, type PinnedKeys } from '@barback/shared/wire/jws.ts';
import { namesOf, type AgentConfig } from '../config.ts';
import { adoptJobs } from '../jobs/adopt.ts';
import { JobDirectory } from '../jobs/directory.ts';
import { Launcher } from '../jobs/launch.ts';
import type { RunnerCommand } from '../jobs/runner-command.ts';
import type { Registry } from '../registry.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists } from '../system/files.ts';
import { killMarked } from '../system/process-table.ts';
import { setJobMarker } from '../system/run-program.ts';
import { handleLine, type Authority } from './handle.ts';
import { KeyedMutex } from '../system/keyed-mutex.ts';
import { listen } from './listen.ts';
import type { Parts } from './parts.ts';
import { receiptSigner } from './receipt.ts';
import { Refusals } from './refusals.ts';
import { Semaphore } from './semaphore.ts';
import { becomeSingleExecutor } from './single-executor.ts';
import { startSweeping } from './sweep.ts';
import { UsedTokens } from './used-tokens.ts';

const readsAtOnce = 8;
const readsWaiting = 64;
const abandonedGraceMs = 1_000;

/** Starts the executor: takes over the jobs it finds, then answers on its socket until it is told to end. */
export async function startExecutor(config: AgentConfig, registry: Registry, command: RunnerCommand): Promise<void> {
  for (const name of ['', 'fences']) await ensureDirectory(path.join(config.stateDirectory, name));
  await becomeSingleExecutor(config.stateDirectory);
  await endAbandonedReads(config.stateDirectory);
  const epoch = randomBytes(16).toString('base64url');
  const jobs = new JobDirectory(config.stateDirectory);
  const parts: Parts = {
    config,
    registry,
    jobs,
    launcher: new Launcher(jobs, config.stateDirectory, command),
    signer: receiptSigner(config.id, epoch, await signingKey(config)),
    servers: new KeyedMutex(),
    reads: new Semaphore(readsAtOnce, readsWaiting),
  };
  const authority = await authorityOf(config, registry, epoch);
  await jobs.open();
  await parts.launcher.open();
  await adoptJobs(jobs, parts.launcher, (op) => registry.operations.get(op)?.contract.class);
  const server = await listen(config.socket, config.socketGroup, (line, signal) =>
    handleLine(line, authority, parts, signal),
  );
  // Runners are not ours to end: they finish, and the next executor finds their files.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
  server.on('close', () => process.exit(1));
  process.stdout.write(`${JSON.stringify({ listening: config.socket, agent: config.id })}\n`);
  startSweeping(parts);
}

/** Programs of reads whose executor was killed have nobody left who would end them at their limit. */
async function endAbandonedReads(stateDirectory: string): Promise<void> {
  const mark = `reads-${sha256Hex(stateDirectory).slice(0, 16)}`;
  await killMarked(mark, abandonedGraceMs);
  setJobMarker(mark);
}

async function signingKey(config: AgentConfig) {
  const text = await readIfExists(config.signingKeyFile);
  if (text === undefined) {
    throw new Error(`cannot read the signing key ${config.signingKeyFile}: make one with the sub-command "keys"`);
  }
  return importSigningKey(privateJwkSchema.parse(JSON.parse(text)));
}

async function authorityOf(config: AgentConfig, registry: Registry, epoch: string): Promise<Authority> {
  const issuers = new Map<string, string>();
  const keys = new Map<string, PinnedKeys extends ReadonlyMap<string, infer K> ? K : never>();
  for (const { id, publicKey } of config.apis) {
    const kid = await thumbprint(publicKey);
    issuers.set(kid, id);
    keys.set(kid, await importPublicKey(publicKey));
  }
  const contracts = new Map([...registry.operations].map(([name, { contract }]) => [name, contract]));
  return {
    keys,
    tokenFacts: { agentId: config.id, issuers, epoch },
    requestFacts: { contracts, servers: new Set(namesOf(config)) },
    used: new UsedTokens(),
    refusals: new Refusals(path.join(config.stateDirectory, 'refusals.jsonl')),
  };
}
