import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { historyName, historyNamePattern, type TimelineHistory } from '@barback/shared/postgres/timeline.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { compressionOf, decompressArgv, type Compression } from '../postgres/wal-compression.ts';
import { walkWalPath, type WalPath } from '../postgres/wal-path.ts';
import { kindOf, identityOf } from '../system/directory-tree.ts';
import { hasCode } from '../system/files.ts';
import { firstBytes } from '../system/look-at-file.ts';
import { execute, executeOk, failure } from './execute.ts';
import { readHistories } from './read-histories.ts';
import { listWal, type StoredSegment, type WalDirectories, type WalStore } from './wal-store.ts';

export interface WalRequest {
  readonly directories: WalDirectories;
  readonly timeline: number;
  readonly begin: string;
  /** The last segment that must be there. */
  readonly required: string;
  /** The last segment to copy if it is there, by name: what a record at the target may cross into. `end`: whatever is there. */
  readonly upTo: string;
  readonly segmentBytes: number;
  /** Who reads Barman's files and owns the copies. */
  readonly user: string | null;
}

export interface WalChoice extends WalPath {
  readonly store: WalStore;
}

const batchFiles = 64;
const relistTries = 3;

/** The segments that a recovery needs; wal-missing names the first one that Barman does not hold. */
export async function chooseWal(request: WalRequest): Promise<WalChoice> {
  for (let attempt = 1; ; attempt += 1) {
    const store = await listWal(request.directories, request.segmentBytes);
    const history = await historyOf(store, request);
    const until = request.upTo === 'end' ? null : request.upTo;
    const walk = walkWalPath((name) => store.segments.has(name), history, { ...request, until });
    const missing = !walk.segments.some((name) => name.slice(8) === request.required.slice(8));
    if (!missing && walk.gap === null) return { ...walk, store };
    // A file may have been renamed or moved to the archive between the two listings: look again.
    if (attempt < relistTries) await sleep(200);
    else if (missing) throw walMissing(walk.next, request.timeline);
    else return { ...walk, store };
  }
}

export function walMissing(segment: string, timeline: number): ProblemError {
  return new ProblemError(
    'wal-missing',
    `Barman does not hold the WAL segment ${segment}, which timeline ${timeline} needs`,
    {
      next: 'choose a target before it, or another backup',
      facts: { segment, timeline },
    },
  );
}

async function historyOf(store: WalStore, { timeline, user }: WalRequest): Promise<TimelineHistory> {
  if (timeline === 1) return { timeline: 1, ancestors: [] };
  const { histories, unreadable } = await readHistories(store, user);
  const found = histories.find((one) => one.timeline === timeline);
  if (found) return found;
  const name = historyName(timeline);
  const reason = unreadable.find((one) => one.timeline === timeline)?.reason;
  if (reason !== undefined) {
    throw new ProblemError('wal-missing', reason, {
      next: 'put the history file of the server that was promoted in its place',
      facts: { segment: name, timeline },
    });
  }
  throw new ProblemError('wal-missing', `Barman does not hold ${name}, so the way to timeline ${timeline} is unknown`, {
    next: 'copy the history file from pg_wal of the server that was promoted into wals/ of Barman',
    facts: { segment: name, timeline },
  });
}

/** Copies segments and histories into a directory, as the user who owns it. */
export class WalStager {
  readonly #directory: string;
  readonly #request: WalRequest;
  readonly #signal: AbortSignal;

  constructor(directory: string, request: WalRequest, signal: AbortSignal) {
    this.#directory = directory;
    this.#request = request;
    this.#signal = signal;
  }

  /** Every history that Barman holds: a new timeline of the copy must not take a number that was given out. */
  async histories(store: WalStore): Promise<void> {
    const files = [...store.histories.values()].filter((file) => historyNamePattern.test(path.basename(file)));
    for (let start = 0; start < files.length; start += batchFiles) {
      const batch = files.slice(start, start + batchFiles);
      const found = await Promise.all(batch.map(async (file) => ({ file, compression: await compressionIn(file) })));
      await this.#place(
        found.flatMap(({ file, compression }) =>
          compression ? [{ name: path.basename(file), file, compression }] : [],
        ),
      );
    }
  }

  async segments(names: readonly string[], store: WalStore, onBytes: (bytes: number) => void): Promise<void> {
    let done = 0;
    for (let start = 0; start < names.length; start += batchFiles) {
      const batch = names.slice(start, start + batchFiles);
      await this.#batch(batch, store);
      done += batch.length * this.#request.segmentBytes;
      onBytes(done);
    }
  }

  async #batch(names: readonly string[], first: WalStore): Promise<void> {
    await this.#removeOld(names);
    let store = first;
    let left = names;
    for (let attempt = 1; left.length > 0; attempt += 1) {
      await this.#copyOnce(left, store);
      left = await this.#incomplete(left);
      if (left.length === 0) return;
      if (attempt === relistTries) throw walMissing(left[0] ?? '', this.#request.timeline);
      await sleep(200);
      store = await listWal(this.#request.directories, this.#request.segmentBytes);
    }
  }

  /** A file of an earlier time is as large as a new one, and would pass for it where the new one vanishes before it is copied. */
  async #removeOld(names: readonly string[]): Promise<void> {
    const files = names.map((name) => path.join(this.#directory, name));
    const kinds = await Promise.all(files.map(kindOf));
    const old = files.filter((_file, index) => kinds[index] !== 'absent');
    if (old.length === 0) return;
    const program = { argv: ['/usr/bin/rm', '-f', '--', ...old], user: this.#request.user, timeoutMs: 600_000 };
    await executeOk(program, this.#signal, 'internal');
  }

  async #copyOnce(names: readonly string[], store: WalStore): Promise<void> {
    const found: Placeable[] = [];
    for (const name of names) {
      const stored = store.segments.get(name);
      const compression = stored && (await this.#compression(stored));
      if (stored && compression !== undefined) found.push({ name, file: stored.file, compression });
    }
    await this.#place(found);
  }

  /** Each under its name and unpacked, in as few processes as that takes. */
  async #place(files: readonly Placeable[]): Promise<void> {
    const plain: string[] = [];
    const compressed = new Map<Compression, string[]>();
    for (const { name, file, compression } of files) {
      if (compression === 'none' && path.basename(file) === name) plain.push(file);
      else if (compression === 'none') await this.#copy(['--', file, path.join(this.#directory, name)]);
      else {
        const target = path.join(this.#directory, `${name}.${suffixes[compression]}`);
        await this.#copy(['--', file, target]);
        compressed.set(compression, [...(compressed.get(compression) ?? []), target]);
      }
    }
    if (plain.length > 0) await this.#copy(['-t', this.#directory, '--', ...plain]);
    for (const [compression, packed] of compressed) await this.#decompress(compression, packed);
  }

  /** Undefined when the file is gone: it moved, the next listing finds it. */
  async #compression(stored: StoredSegment): Promise<Compression | 'none' | undefined> {
    const found = await identityOf(stored.file);
    if (!found) return undefined;
    if (found.size === this.#request.segmentBytes) return 'none';
    const compression = await compressionIn(stored.file);
    if (compression !== 'none') return compression;
    throw new ProblemError('wal-missing', `${stored.file} is neither a whole segment nor compressed in a known way`, {
      next: 'supported are gzip, bzip2, xz, zstd and lz4; encrypted or custom WAL is not',
      facts: { segment: stored.name },
    });
  }

  /** A file that vanished meanwhile makes cp fail: what is missing afterwards is looked for again. */
  async #copy(args: readonly string[]): Promise<void> {
    const argv = ['/usr/bin/cp', '--reflink=auto', '--preserve=timestamps', ...args];
    const program = { argv, user: this.#request.user, background: true, timeoutMs: 3_600_000 };
    const outcome = await execute(program, this.#signal);
    if (outcome.exitCode !== 0 && !/No such file/.test(outcome.stderr)) throw failure(program, outcome, 'wal-missing');
  }

  async #decompress(compression: Compression, files: readonly string[]): Promise<void> {
    const argv = decompressArgv(compression, files);
    if ((await kindOf(argv[0] ?? '')) === 'absent') {
      throw new ProblemError(
        'wal-missing',
        `the WAL is compressed with ${compression} and ${argv[0]} is not installed`,
        {
          next: `install the package that brings ${argv[0]}`,
        },
      );
    }
    const program = { argv, user: this.#request.user, background: true, timeoutMs: 3_600_000 };
    const outcome = await execute(program, this.#signal);
    if (outcome.exitCode !== 0) throw failure(program, outcome, 'wal-missing');
  }

  async #incomplete(names: readonly string[]): Promise<string[]> {
    const left: string[] = [];
    for (const name of names) {
      if ((await identityOf(path.join(this.#directory, name)))?.size !== this.#request.segmentBytes) left.push(name);
    }
    return left;
  }
}

/** Undefined when the file is gone. */
async function compressionIn(file: string): Promise<Compression | 'none' | undefined> {
  const start = await firstBytes(file, 8).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  return start && (compressionOf(start) ?? 'none');
}

interface Placeable {
  readonly name: string;
  readonly file: string;
  readonly compression: Compression | 'none';
}

const suffixes: Readonly<Record<Compression, string>> = {
  gzip: 'gz',
  bzip2: 'bz2',
  xz: 'xz',
  zstd: 'zst',
  lz4: 'lz4',
};
