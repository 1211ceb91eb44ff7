import { readFileSync } from 'node:fs';
import type { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { Client, type ConnectConfig, type SFTPWrapper } from 'ssh2';
import { algorithmsOf, keysOfKnownHosts } from './known-hosts.ts';
import { offsiteText, type OffsiteConfig } from './offsite-config.ts';

/** Files on the box, by their paths below the account's home. */
export interface SftpBox {
  list(directory: string): Promise<readonly string[]>;
  /** With every directory above it. */
  makeDirectory(directory: string): Promise<void>;
  /** Under another name first, so that a name stands for a whole file. */
  write(file: string, content: Readable, ...through: readonly Transform[]): Promise<void>;
  read(file: string): Readable;
  remove(file: string): Promise<void>;
}

const noSuchFile = 2;

/** Works on the box and closes the connection; throws ProblemError (mirror-unreachable, mirror-refused, mirror-failed). */
export async function withBox<T>(
  config: OffsiteConfig,
  signal: AbortSignal,
  work: (box: SftpBox) => Promise<T>,
): Promise<T> {
  const client = new Client();
  const close = (): void => void client.destroy();
  signal.addEventListener('abort', close, { once: true });
  try {
    const broken = new Promise<never>((_, reject) => {
      client.on('error', reject);
      client.once('close', () => reject(new Error('the connection was closed')));
    });
    // Whoever waits for it is told; nobody need wait for it.
    broken.catch(() => undefined);
    client.connect(connectionOf(config));
    await Promise.race([new Promise<void>((resolve) => client.once('ready', resolve)), broken]);
    const sftp = await Promise.race([promisify(client.sftp.bind(client) as typeof callSftp)(), broken]);
    sftp.on('error', () => undefined);
    return await Promise.race([work(boxOver(sftp)), broken]);
  } catch (error) {
    throw boxProblem(config, error);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

declare function callSftp(callback: (error: Error | undefined, sftp: SFTPWrapper) => void): void;

function connectionOf(config: OffsiteConfig): ConnectConfig {
  const known = keysOfKnownHosts(readFileSync(config.knownHostsFile, 'utf8'));
  return {
    host: config.host,
    port: config.port,
    username: config.user,
    privateKey: readFileSync(config.identityFile),
    readyTimeout: 20_000,
    keepaliveInterval: 15_000,
    keepaliveCountMax: 4,
    algorithms: { serverHostKey: [...algorithmsOf(known.map(({ type }) => type))] as never },
    hostVerifier: (key: Buffer) => known.some((one) => one.key.equals(key)),
  };
}

function boxOver(sftp: SFTPWrapper): SftpBox {
  const names = (directory: string): Promise<string[]> =>
    new Promise((resolve, reject) =>
      sftp.readdir(directory, (error, entries) =>
        error === undefined ? resolve(entries.map(({ filename }) => filename)) : reject(error),
      ),
    );
  const done = (call: (callback: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
  const remove = (file: string): Promise<void> => done((callback) => sftp.unlink(file, callback));
  return {
    list: async (directory) =>
      named(
        `list ${directory}`,
        names(directory).catch((error: unknown) => absent(error, [])),
      ),
    async makeDirectory(directory) {
      const parts = directory.split('/');
      for (const [index] of parts.entries()) {
        const one = parts.slice(0, index + 1).join('/');
        const exists = await names(one).then(
          () => true,
          (error: unknown) => absent(error, false),
        );
        if (!exists)
          await named(
            `make the directory ${one}`,
            done((callback) => sftp.mkdir(one, callback)),
          );
      }
    },
    async write(file, content, ...through) {
      const unfinished = `${file}.part`;
      await named(`write ${unfinished}`, pipeline([content, ...through, guarded(sftp.createWriteStream(unfinished))]));
      // Version 3 of the protocol renames onto nothing that exists: a try that was cut off has left it.
      await remove(file).catch((error: unknown) => absent(error, undefined));
      await named(
        `rename ${unfinished}`,
        done((callback) => sftp.rename(unfinished, file, callback)),
      );
    },
    read: (file) => guarded(sftp.createReadStream(file)),
    remove: (file) => named(`remove ${file}`, remove(file)),
  };
}

/**
 * A stream whose handle is still being closed when the connection ends reports that as well (ssh2 1.17), to nobody who listens any more,
 * and an error that nobody hears ends the process.
 */
function guarded<T extends Readable | Writable>(stream: T): T {
  stream.on('error', () => undefined);
  return stream;
}

/** The protocol has few words for what went wrong ("Failure"), and none for what it was about. */
async function named<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Error(`cannot ${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function absent<T>(error: unknown, otherwise: T): T {
  if (error instanceof Error && 'code' in error && error.code === noSuchFile) return otherwise;
  throw error;
}

/** Words of ssh2 1.17 and of the system, as what they mean to whoever reads them. */
function boxProblem(config: OffsiteConfig, error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const box = offsiteText(config);
  if (/host denied|verification failed|no matching host key format/i.test(reason)) {
    return new ProblemError('mirror-refused', `${box} is not the box whose key is known: ${reason}`, {
      next: "Compare the box's host key with what its owner publishes, then put it into knownHostsFile.",
    });
  }
  if (/authentication methods failed/i.test(reason)) {
    return new ProblemError('mirror-refused', `${box} does not let the key in: ${reason}`, {
      next: 'Install the public key of identityFile on the box.',
    });
  }
  if (error instanceof Error && 'level' in error && error.level === 'client-timeout') return unreachable(box, reason);
  const isNetwork =
    /ECONN|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|timed out|connection|keepalive/i;
  if (isNetwork.test(reason)) return unreachable(box, reason);
  return new ProblemError('mirror-failed', `The copy at ${box} failed: ${reason}`, {
    next: 'What is there stays. Remedy what is said; the next try comes by itself.',
  });
}

function unreachable(box: string, reason: string): ProblemError {
  return new ProblemError('mirror-unreachable', `${box} does not answer: ${reason}`, {
    next: 'What is there stays. Look at the box and the network; the next try comes by itself.',
  });
}
