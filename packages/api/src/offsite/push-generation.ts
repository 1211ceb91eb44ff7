import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, rmSync } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { createGzip } from 'node:zlib';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { seal } from '@barback/shared/sealed/seal.ts';
import type { TarEntry } from '@barback/shared/sealed/tar.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import Sqlite from 'better-sqlite3';
import type { Clock } from '../clock.ts';
import { copyDatabase } from '../db/copy-database.ts';
import type { Database } from '../db/database.ts';
import {
  generationFiles,
  generationsIn,
  mayPush,
  namesToRemove,
  parseGeneration,
  type Generation,
} from './generation.ts';
import { offsiteText, type OffsiteConfig } from './offsite-config.ts';
import { withBox, type SftpBox } from './sftp-box.ts';

/** What is copied besides the database. */
export interface Belongings {
  /** Text of the api's configuration, which holds no secret. */
  readonly configuration: string;
  /** Files that hold one: the signing key, secrets, the TLS key. */
  readonly secretFiles: readonly string[];
}

export interface PushDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly instanceId: string;
  readonly config: OffsiteConfig;
  readonly belongings: Belongings;
}

/** Brings the newest state to the box unless it is there; throws ProblemError. */
export async function pushGeneration(deps: PushDeps, signal: AbortSignal): Promise<Generation> {
  return withBox(deps.config, signal, async (box) => {
    const head = headOf(deps.database.sqlite);
    const directory = `${deps.config.directory}/${head.log}`;
    await box.makeDirectory(directory);
    const newest = await newestGeneration(box, directory);
    if (newest?.seq === head.seq && newest.leaf === head.leaf) return newest;
    const copy = `${deps.database.path}.offsite`;
    try {
      // Of one instant, so that what is told of it is of the same.
      await copyDatabase(deps.database, copy, 'quick_check');
      return await sendUnlessThere(deps, { box, directory, newest, copy });
    } finally {
      rmSync(copy, { force: true });
    }
  });
}

/** The newest complete copy in a directory of the box. */
export async function newestGeneration(box: SftpBox, directory: string): Promise<Generation | undefined> {
  const [seq] = generationsIn(await box.list(directory));
  if (seq === undefined) return undefined;
  const file = `${directory}/${generationFiles(seq).about}`;
  const generation = parseGeneration(await textOf(box.read(file)));
  if (generation) return generation;
  throw new ProblemError('mirror-failed', `${file} on the box cannot be read`, {
    next: 'A newer Barback may have written it, or the box is damaged: look at it, and move it away if it is of no use.',
  });
}

interface Sending {
  readonly box: SftpBox;
  readonly directory: string;
  readonly newest: Generation | undefined;
  readonly copy: string;
}

async function sendUnlessThere(deps: PushDeps, { box, directory, newest, copy }: Sending): Promise<Generation> {
  const sqlite = new Sqlite(copy, { readonly: true });
  try {
    const head = headOf(sqlite);
    const verdict = mayPush(newest, head, (seq) => leafAt(sqlite, seq));
    if (verdict.is === 'refused') {
      throw new ProblemError('mirror-refused', `${offsiteText(deps.config)} is not written to: ${verdict.why}`, {
        next: 'Find out which of the two is right and stop the other; what is on the box can be restored beside: docs/install.md.',
      });
    }
    if (verdict.is === 'same' && newest) return newest;
    return await send(deps, { box, directory, copy, head });
  } finally {
    sqlite.close();
  }
}

async function send(
  { clock, config, instanceId, belongings }: PushDeps,
  { box, directory, copy, head }: Pick<Sending, 'box' | 'directory' | 'copy'> & { readonly head: Head },
): Promise<Generation> {
  const names = generationFiles(head.seq);
  const at = formatInstant(clock.now());
  const place = (name: string): string => `${directory}/${name}`;
  const measured = measuring();
  await box.write(place(names.copy), createReadStream(copy), createGzip(), measured.stream);
  await box.write(place(names.configuration), Readable.from([belongings.configuration]));
  const isSealed = config.recipients.length > 0;
  const secrets = isSealed ? belongings.secretFiles.flatMap(secretEntry) : [];
  if (isSealed) {
    const sealed = await seal(secrets, config.recipients);
    await box.write(place(names.sealed), Readable.from([Buffer.from(sealed)]));
  }
  const leftOut = belongings.secretFiles.filter((file) => !secrets.some(({ name }) => `/${name}` === file));
  const about = {
    format: 1,
    ...head,
    at,
    instanceId,
    ...measured.result(),
    sealed: isSealed,
    leftOut,
  } as const;
  await box.write(place(names.about), Readable.from([`${JSON.stringify(about)}\n`]));
  for (const name of namesToRemove(await box.list(directory))) await box.remove(place(name));
  return about;
}

/** One that is configured and not there stops no copy. */
function secretEntry(file: string): TarEntry[] {
  try {
    return [{ name: file.slice(1), content: readFileSync(file) }];
  } catch {
    return [];
  }
}

function measuring() {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      bytes += chunk.length;
      next(null, chunk);
    },
  });
  return { stream, result: () => ({ bytes, sha256: hash.digest('hex') }) };
}

interface Head {
  readonly log: string;
  readonly seq: number;
  readonly leaf: string;
}

function headOf(sqlite: Sqlite.Database): Head {
  const log = sqlite.prepare<[], string>("SELECT value FROM meta WHERE key = 'log'").pluck().get();
  const head = sqlite.prepare<[], Omit<Head, 'log'>>('SELECT seq, leaf FROM events ORDER BY seq DESC LIMIT 1').get();
  if (log === undefined || head === undefined) throw new Error('the database has no audit log');
  return { log, ...head };
}

function leafAt(sqlite: Sqlite.Database, seq: number): string | undefined {
  return sqlite.prepare<[number], string>('SELECT leaf FROM events WHERE seq = ?').pluck().get(seq);
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
