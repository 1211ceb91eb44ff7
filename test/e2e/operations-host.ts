import { mkdtemp, rm } from 'node:fs/promises';
import type { Params, Result, OpName } from '@barback/shared/operations/index.ts';
import type { RecoveryTarget } from '@barback/shared/postgres/target.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import { agentConfigSchema, type ServerConfig } from '@barback/agent/config.ts';
import type { Call, Host } from '@barback/agent/operations/handler.ts';
import { handlers } from '@barback/agent/operations/index.ts';
import type { Lab } from '../lab/lab.ts';
import { startedBy } from '../lab/started-by.ts';

/** The handlers of the agent, called in this process against a lab, for one plan after the other. */
export interface OperationsHost {
  readonly host: Host;
  /** A plan of its own; `done` discards what is left of it. */
  plan(): PlanOperations;
  close(): Promise<void>;
}

export interface PlanOperations {
  readonly plan: string;
  readonly progress: { phase: string; bytes: number; totalBytes: number | null }[];
  run<N extends OpName>(op: N, params: Omit<Params<N>, 'server'>, signal?: AbortSignal): Promise<Result<N>>;
  /** The problem that the operation ends with; fails when it succeeds. */
  problem<N extends OpName>(op: N, params: Omit<Params<N>, 'server'>, signal?: AbortSignal): Promise<Problem>;
  observe<N extends OpName>(op: N, params: Omit<Params<N>, 'server'>): Promise<{ is: string; result?: unknown }>;
  /** recover → start → replay to a target from the newest backup. */
  copy(target: RecoveryTarget): Promise<Result<'scratch-replay'>>;
  recover(target: RecoveryTarget): Promise<Result<'scratch-recover'>>;
  /** Along timeline 1 unless another is named. */
  start(target: RecoveryTarget, timeline?: number): Promise<Result<'scratch-start'>>;
}

export async function operationsHost(
  lab: Lab,
  scratch: Partial<ServerConfig['scratch']> = {},
  existing?: string,
): Promise<OperationsHost> {
  const stateDirectory = existing ?? (await mkdtemp(`${lab.dir}-state-`));
  const asRoot = process.geteuid?.() === 0;
  const { servers } = agentConfigSchema.pick({ servers: true }).parse({
    servers: {
      main: {
        barman: {
          argv: lab.barman.argv,
          server: 'main',
          ...(asRoot ? { user: lab.barman.osUser } : {}),
        },
        postgres: {
          binDirectory: lab.postgres.binDir,
          dataDirectory: lab.postgres.dataDir,
          socketDirectory: lab.postgres.host,
          port: lab.postgres.port,
          superuser: lab.postgres.superuser,
          service: startedBy(lab.postgres),
          ...(asRoot ? { user: lab.postgres.osUser } : {}),
        },
        scratch: { freeBytesFloor: 0, ...scratch },
      },
    },
  });
  const server = servers['main'];
  if (!server) throw new Error('the configuration lost its server');
  // Only these fields of the configuration are read by handlers.
  const config = { stateDirectory, servers, provisioners: {} } as unknown as Host['config'];
  const host = { config, serverName: 'main', server };
  const plans: PlanOperations[] = [];
  return {
    host,
    plan: () => {
      const one = planOperations(host);
      plans.push(one);
      return one;
    },
    close: async () => {
      for (const one of plans) await one.run('scratch-discard', {});
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}

function planOperations(host: Host): PlanOperations {
  const plan = newId(Date.now());
  const progress: PlanOperations['progress'] = [];
  const never = new AbortController().signal;
  const call = (signal: AbortSignal): Call => ({
    opid: newId(Date.now()),
    plan,
    signal,
    progress: (phase, bytes, totalBytes) => void progress.push({ phase, bytes, totalBytes }),
    log: () => undefined,
  });
  // Handlers is keyed by the names that pick the params: the pairs are checked in the callers' signatures.
  type Loose = {
    perform(h: Host, p: unknown, c: Call): Promise<unknown>;
    observe?(h: Host, p: unknown, c: Call): Promise<unknown>;
  };
  const of = (op: OpName) => handlers[op] as unknown as Loose;
  const operations: PlanOperations = {
    plan,
    progress,
    run: async (op, params, signal = never) =>
      (await of(op).perform(host, { server: 'main', ...params }, call(signal))) as never,
    problem: async (op, params, signal = never) => {
      try {
        await operations.run(op, params, signal);
      } catch (error) {
        if (error instanceof ProblemError) return error.problem;
        throw error;
      }
      throw new Error(`${op} succeeded`);
    },
    observe: async (op, params) => (await of(op).observe?.(host, { server: 'main', ...params }, call(never))) as never,
    recover: async (target) => {
      const backup = (await operations.run('backup-list', {})).backups[0];
      if (!backup) throw new Error('the lab has no backup');
      return operations.run('scratch-recover', {
        backupId: backup.id,
        timeline: backup.timeline ?? 1,
        target,
        tablespaces: backup.tablespaces.map((one) => one.name),
        jobs: 1,
        bandwidthKBps: null,
        expectBytes: backup.sizeBytes ?? 0,
      });
    },
    start: (target, timeline = 1) => operations.run('scratch-start', { timeline, target, settings: smallSettings }),
    copy: async (target) => {
      await operations.recover(target);
      await operations.start(target);
      return operations.run('scratch-replay', { timeline: 1, target, expect: null });
    },
  };
  return operations;
}

/** Less than the lab's server needs: the copy must take the larger values of pg_control. */
const smallSettings: Params<'scratch-start'>['settings'] = {
  maxConnections: 5,
  maxWorkerProcesses: 1,
  maxWalSenders: 1,
  maxPreparedTransactions: 0,
  maxLocksPerTransaction: 10,
  sharedPreloadLibraries: [],
};
