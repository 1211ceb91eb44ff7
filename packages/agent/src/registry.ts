import type { Contract, Observed, OperationClass } from '@barback/shared/operations/contract.ts';
import { operations } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { z } from 'zod';
import type { AgentConfig } from './config.ts';
import type { Call, Handlers, Host } from './operations/handler.ts';

/** A contract with what carries it out, its params and result known only at run time. */
export interface Operation {
  readonly contract: Contract<OperationClass, z.ZodType, z.ZodType>;
  readonly handler: {
    perform(host: Host, params: unknown, call: Call): Promise<unknown>;
    observe?(host: Host, params: unknown, call: Call): Promise<Observed<unknown>>;
  };
}

/** What an agent can do. The shipped one is exactly the whitelist; tests and the bench bring their own. */
export interface Registry {
  readonly operations: ReadonlyMap<string, Operation>;
  /** Discards the scratch directories of a server that belong to other plans and are older than its `keepHours`. */
  sweepScratches?(host: Host, heldPlan: string | null, now: Micros): Promise<void>;
}

export function registryOf(handlers: Handlers, sweepScratches?: Registry['sweepScratches']): Registry {
  const entries = Object.entries(operations).map(([name, contract]): [string, Operation] => {
    // Handlers is keyed by the same names: the compiler has checked each pair that is erased here.
    const handler = handlers[name as keyof Handlers] as Operation['handler'];
    return [name, { contract, handler }];
  });
  return { operations: new Map(entries), ...(sweepScratches ? { sweepScratches } : {}) };
}

/** What a handler may know of a configured server. */
export function hostOf(config: AgentConfig, serverName: string): Host {
  const server = Object.hasOwn(config.servers, serverName) ? config.servers[serverName] : undefined;
  if (server) return { config, serverName, server };
  if (!Object.hasOwn(config.provisioners, serverName)) {
    throw new Error(`cannot work on the server ${serverName}: it is not configured`);
  }
  return {
    config,
    serverName,
    // Whatever asks for a database of it gets an answer instead.
    get server(): never {
      throw new ProblemError('unknown-server', `${serverName} makes hosts: it has no database`, {
        next: 'Ask for the scenario provision, or name a server with a database.',
      });
    },
  };
}
