import path from 'node:path';
import { parseArgs } from 'node:util';

export const usage = `Usage: barback-agent COMMAND --config FILE

  gateway        carry requests from the network to the executor (own user, no power)
  executor       verify requests and carry them out (root)
  check-config   read the configuration and list every problem with its fix
  keys           make the executor's signing key if there is none; print its public part
  release        free a server that the plan of a lost api holds: --server NAME
  rescue         the api is gone in the middle of a restore: status, finish, undo, lift --server NAME
  move-down      a stopped cluster whose data directory is a mount point, into a directory below: --server NAME
  enroll         let an api pin this agent, with a token that works once: --token-file FILE [--agent-url https://HOST:PORT]
                 [--owner USER] [--start]
  certificate    make the gateway's certificate and key: --host NAME [--owner USER]
`;

export interface Arguments {
  readonly command: string;
  readonly positionals: readonly string[];
  /** Absolute: a runner does not share the working directory. */
  readonly config: string;
  readonly host: string | undefined;
  readonly owner: string | undefined;
  readonly server: string | undefined;
  readonly tokenFile: string | undefined;
  readonly agentUrl: string | undefined;
  readonly start: boolean;
  /** Where a runner that has no job yet is given one. */
  readonly standby: string | undefined;
}

/** Reads the command line; undefined when it is not one of ours. */
export function parseArguments(argv: readonly string[]): Arguments | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        host: { type: 'string' },
        owner: { type: 'string' },
        server: { type: 'string' },
        standby: { type: 'string' },
        'token-file': { type: 'string' },
        'agent-url': { type: 'string' },
        start: { type: 'boolean', default: false },
      },
    });
    const [command, ...rest] = positionals;
    if (command === undefined || values.config === undefined) return undefined;
    const { host, owner, server, standby, start, 'token-file': tokenFile, 'agent-url': agentUrl } = values;
    const config = path.resolve(values.config);
    return { command, positionals: rest, config, host, owner, server, standby, tokenFile, agentUrl, start };
  } catch {
    return undefined;
  }
}
