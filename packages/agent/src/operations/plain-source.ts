import { createHash } from 'node:crypto';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { PlainDumpReader, restricts, versionNumber, type PlainDump } from '../postgres/plain-dump.ts';
import { identityOf } from '../system/directory-tree.ts';
import { openRegular, type OpenFile } from '../system/open-file.ts';
import { rightsOf } from '../system/users.ts';
import { binariesVersion } from './binaries.ts';
import type { Call } from './handler.ts';
import type { PlainSource } from './import-source.ts';
import { scratchUser } from './scratch-place.ts';

type Source = Result<'import-look'>['source'];

const chunkBytes = 1024 * 1024;

/** A dump as it lay there when it was read, to its end. */
export interface ReadDump {
  readonly dump: PlainDump;
  readonly sha256: string;
  readonly bytes: number;
}

/** Works with the opened file: what its name leads to meanwhile does not matter. */
export async function withPlainFile<T>(
  { host, config }: PlainSource,
  work: (opened: OpenFile) => Promise<T>,
): Promise<T> {
  const opened = await openRegular(config.file);
  if (!opened) {
    throw new ProblemError('import-refused', `${config.file} is not there, or is no plain file`, {
      next: 'Put the dump there (not a link to it), and plan again. Nothing was changed.',
    });
  }
  try {
    await requireOwn(host, config.file, opened);
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/** What somebody else may write to is another file a moment later than it was read. */
async function requireOwn(host: PlainSource['host'], file: string, opened: OpenFile): Promise<void> {
  const found = await identityOf(file);
  const [own, barman] = [process.geteuid?.() ?? 0, (await rightsOf(scratchUser(host)))?.uid];
  const isOurs = [0, own, barman].includes(opened.uid);
  if (found?.inode === opened.inode && isOurs && (found.mode & 0o022) === 0) return;
  throw new ProblemError('location-unsafe', `${file} may be written to by others`, {
    next: "Give it to root or to Barman's user, with mode 0644 or less, and plan again. Nothing was changed.",
  });
}

export async function readPlain(opened: OpenFile, { signal }: Pick<Call, 'signal'>): Promise<ReadDump> {
  const reader = new PlainDumpReader();
  const hash = createHash('sha256');
  for (let at = 0; at < opened.size; at += chunkBytes) {
    signal.throwIfAborted();
    const chunk = await opened.read(at, chunkBytes);
    hash.update(chunk);
    reader.push(chunk);
  }
  return { dump: reader.end(), sha256: hash.digest('hex'), bytes: opened.size };
}

/** The file in the words of a source. What is only known by asking a server is not known. */
export async function plainFacts(source: PlainSource, call: Call): Promise<Source> {
  const { file, into } = source.config;
  const { dump, sha256, bytes } = await withPlainFile(source, (opened) => readPlain(opened, call));
  return {
    host: file,
    port: 0,
    database: into.database,
    role: into.role,
    version: dump.version ?? 'unknown',
    versionNum: versionNumber(dump.version) ?? 0,
    sizeBytes: bytes,
    encoding: dump.encoding ?? '',
    tables: dump.tables.length,
    unreadable: [],
    extensions: dump.extensions.map((one) => ({ ...one, version: '' })),
    grantees: [],
    eventTriggers: [],
    pooled: false,
    plain: { sha256, faults: [...dump.faults, ...(await faultsOfPsql(source, call))] },
  };
}

/** psql that cannot be restricted would obey whatever a hostile server has put into its dump (CVE-2025-8714). */
async function faultsOfPsql({ host }: PlainSource, call: Call): Promise<string[]> {
  const { version } = await binariesVersion(host, call.signal);
  return restricts(version) ? [] : [`psql ${version} of this host cannot be restricted: bring it up to date`];
}

/** Refuses another file than the one that was planned with, and one that must not be loaded. */
export function requirePlanned({ dump, sha256 }: ReadDump, expected: string | undefined): void {
  if (sha256 !== expected) {
    throw new ProblemError('plan-void', `the dump is another one than when the plan was made (SHA-256 ${sha256})`, {
      next: 'Live was not touched. Look who has written to it, and plan again.',
    });
  }
  if (dump.faults.length === 0) return;
  throw new ProblemError('import-refused', `the dump must not be loaded: ${dump.faults.join('; ')}`, {
    next: 'Live was not touched. Dump again, and plan again.',
  });
}
