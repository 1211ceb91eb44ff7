import { createHash } from 'node:crypto';
import { createWriteStream, rmSync } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { generationFiles, type Generation } from './generation.ts';
import { offsiteText, type OffsiteConfig } from './offsite-config.ts';
import { newestGeneration } from './push-generation.ts';
import { withBox, type SftpBox } from './sftp-box.ts';

/** Fetches the newest copy of a log, or of the only one that the box has, into a new file; throws ProblemError and leaves no file then. */
export async function fetchGeneration(
  config: OffsiteConfig,
  { log, to }: { readonly log: string | undefined; readonly to: string },
  signal: AbortSignal,
): Promise<Generation> {
  return withBox(config, signal, async (box) => {
    const directory = `${config.directory}/${log ?? (await onlyLog(box, config))}`;
    const newest = await newestGeneration(box, directory);
    if (newest === undefined) throw nothingThere(`${offsiteText(config)} has no complete copy in ${directory}`);
    try {
      await fetchCopy(box, { directory, newest, to });
    } catch (error) {
      rmSync(to, { force: true });
      throw error;
    }
    return newest;
  });
}

async function fetchCopy(
  box: SftpBox,
  { directory, newest, to }: { readonly directory: string; readonly newest: Generation; readonly to: string },
): Promise<void> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      next(null, chunk);
    },
  });
  const file = `${directory}/${generationFiles(newest.seq).copy}`;
  await pipeline(box.read(file), hashing, createGunzip(), createWriteStream(to, { flags: 'wx', mode: 0o600 }));
  if (hash.digest('hex') === newest.sha256) return;
  throw new ProblemError('mirror-damaged', `${file} on the box is not what was sent there`, {
    next: 'Older copies lie beside it, with their numbers: fetch one with sftp, gunzip it, and give it to "database restore".',
  });
}

async function onlyLog(box: SftpBox, config: OffsiteConfig): Promise<string> {
  const logs = (await box.list(config.directory)).filter((name) => /^[0-9a-z]{26}$/.test(name));
  const [only] = logs;
  if (only !== undefined && logs.length === 1) return only;
  if (only === undefined) throw nothingThere(`${offsiteText(config)} has no copy of a database`);
  throw nothingThere(
    `${offsiteText(config)} has copies of ${logs.length} logs: ${logs.join(', ')}`,
    'Name one with --log.',
  );
}

function nothingThere(detail: string, next = 'Look at directory under mirror in the configuration.'): ProblemError {
  return new ProblemError('no-mirror', detail, { next });
}
