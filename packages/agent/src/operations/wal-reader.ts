import { compareLsn, parseLsn, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName, segmentName } from '@barback/shared/postgres/segment.ts';
import { waldumpArgv } from '../postgres/argv.ts';
import { isEndOfWal, parseWalTransactions, type WalTransaction } from '../postgres/wal-transactions.ts';
import { kindOf } from '../system/directory-tree.ts';
import { execute, failure } from './execute.ts';
import type { Host } from './handler.ts';
import { scratchUser } from './scratch-place.ts';

/** Reads ends of transactions from WAL segments in a directory of the scratch, as the scratch user. */
export class WalReader {
  readonly #host: Host;
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #signal: AbortSignal;

  constructor(host: Host, directory: string, segmentBytes: number, signal: AbortSignal) {
    this.#host = host;
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
    this.#signal = signal;
  }

  /** The newest commit that begins before `stop`, searched backwards through the given segments; null when there is none. */
  async lastCommitBefore(names: readonly string[], stop: Lsn): Promise<WalTransaction | null> {
    for (const name of names.toReversed()) {
      const found = (await this.#commits(name)).filter((one) => compareLsn(one.lsn, stop) < 0).at(-1);
      if (found) return found;
    }
    return null;
  }

  /** The first commit that begins at or after `stop`. */
  async firstCommitFrom(names: readonly string[], stop: Lsn): Promise<WalTransaction | null> {
    for (const name of names) {
      const found = (await this.#commits(name)).find((one) => compareLsn(one.lsn, stop) >= 0);
      if (found) return found;
    }
    return null;
  }

  /** Commits whose record begins in the segment; pg_waldump is given the next one too, for a record that crosses. */
  async #commits(name: string): Promise<WalTransaction[]> {
    const segment = parseSegmentName(name, this.#segmentBytes);
    if (!segment) throw new Error(`cannot read ${name}: not a WAL segment`);
    const next = segmentName({ ...segment, number: segment.number + 1n }, this.#segmentBytes);
    const nextIsThere = (await kindOf(`${this.#directory}/${next}`)) === 'file';
    const { binDirectory } = this.#host.server.postgres;
    const program = {
      argv: waldumpArgv(binDirectory, this.#directory, segment, { segmentBytes: this.#segmentBytes, nextIsThere }),
      user: scratchUser(this.#host),
      environment: { TZ: 'UTC' },
      background: true,
      timeoutMs: 600_000,
      outputBytesMax: 256 * 1024 * 1024,
    };
    const outcome = await execute(program, this.#signal);
    if (outcome.exitCode !== 0 && !isEndOfWal(outcome.stderr)) throw failure(program, outcome, 'postgres-failed');
    const inSegment = (lsn: Lsn) => parseLsn(lsn) / BigInt(this.#segmentBytes) === segment.number;
    return parseWalTransactions(outcome.stdout).filter((one) => one.kind === 'commit' && inSegment(one.lsn));
  }
}
