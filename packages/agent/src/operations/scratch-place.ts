import { tmpdir } from 'node:os';
import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Host } from './handler.ts';

/** Where everything of one plan lies; pure names, whether or not they exist. */
export interface ScratchPlace {
  readonly plan: string;
  /** `<parent>/<name of the data directory>.restore-<plan>`, owned by the scratch user, 0700 (T8). */
  readonly directory: string;
  readonly parent: string;
  readonly pgdata: string;
  readonly tablespaces: string;
  /** Generated configuration, hba and ident files. */
  readonly configuration: string;
  readonly waldump: string;
  /** Temporary files of the programs that make the copy: a killed Barman leaves its own (3.4.0), and they go with the copy. */
  readonly temporary: string;
  /** WAL that is staged while the base backup is copied; it moves into the data directory. */
  readonly walAhead: string;
  /** Beside live, where the sealed copy waits to be swapped in. */
  readonly next: string;
  readonly socket: string;
  /** True when the socket lies outside the scratch directory because its path would be too long. */
  readonly socketOutside: boolean;
  /** The agent's own records of the plan, which the scratch user cannot touch. */
  readonly records: string;
  readonly recordFile: string;
  readonly recoveredFile: string;
  readonly startedFile: string;
  readonly verifiedFile: string;
  /** What a seal that is not finished has found out and decided. */
  readonly sealingFile: string;
  readonly sealedFile: string;
  /** Written by the copy through a descriptor that the agent opened. */
  readonly log: string;
}

/** sockaddr_un holds 107 bytes and a null; `/.s.PGSQL.65535` and a margin must fit. */
const socketPathBytesMax = 100;
const socketFile = '.s.PGSQL.5432';

/** The port only names the socket's file: nothing listens on the network. */
export const scratchPort = 5432;

export function scratchPlace(host: Host, plan: string): ScratchPlace {
  const { dataDirectory } = host.server.postgres;
  const parent = host.server.scratch.directory ?? path.dirname(dataDirectory);
  const directory = path.join(parent, `${path.basename(dataDirectory)}.restore-${plan}`);
  const inside = path.join(directory, 'socket');
  const socketOutside = Buffer.byteLength(`${inside}/${socketFile}`) > socketPathBytesMax;
  const short = path.join(process.geteuid?.() === 0 ? '/run' : tmpdir(), `barback-${plan.slice(-8)}`);
  const records = path.join(host.config.stateDirectory, 'plans', plan);
  return {
    plan,
    directory,
    parent,
    pgdata: path.join(directory, 'pgdata'),
    tablespaces: path.join(directory, 'tablespaces'),
    configuration: path.join(directory, 'configuration'),
    waldump: path.join(directory, 'waldump'),
    temporary: path.join(directory, 'tmp'),
    walAhead: path.join(directory, 'wal'),
    next: path.join(path.dirname(dataDirectory), `${path.basename(dataDirectory)}.next-${plan}`),
    socket: socketOutside ? short : inside,
    socketOutside,
    records,
    recordFile: path.join(records, 'scratch.json'),
    recoveredFile: path.join(records, 'recovered.json'),
    startedFile: path.join(records, 'started.json'),
    verifiedFile: path.join(records, 'verified.json'),
    sealingFile: path.join(records, 'sealing.json'),
    sealedFile: path.join(records, 'sealed.json'),
    log: path.join(records, 'postgres.log'),
  };
}

/**
 * The user that copies run as: Barman's, because it reads Barman's files and owns what `recover` writes, and can neither
 * write live's files nor signal its processes. Null: the agent's own user.
 */
export function scratchUser(host: Host): string | null {
  const barmanUser = host.server.barman.user ?? null;
  const wanted = host.server.scratch.user ?? barmanUser;
  if (wanted === barmanUser) return wanted;
  throw new ProblemError('location-unsafe', `scratch.user is ${wanted}, but Barman writes copies as ${barmanUser}`, {
    next: "leave scratch.user out of the agent's configuration: copies then run as Barman's user",
  });
}
