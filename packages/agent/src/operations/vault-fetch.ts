import path from 'node:path';
import { z } from 'zod';
import { vaultVersionPattern } from '../mirror/vault-contents.ts';
import { vaultFactsSchema } from '../mirror/vault-differences.ts';
import { kindOf, listDirectory } from '../system/directory-tree.ts';
import type { Call, Host } from './handler.ts';
import { fetchFilesFrom } from './mirror-manifest.ts';
import { mirrorUser, sourceBox } from './mirror-place.ts';
import { runForMirror, withMirrorDirectory } from './mirror-workplace.ts';
import type { RsyncWork } from './run-rsync.ts';

const indexSchema = z.looseObject({
  files: z.array(z.looseObject({ path: z.string(), inClear: z.enum(['whole', 'redacted', 'none']) })),
});

/** A version of the vault as it lies here while it is read. */
export interface Vault {
  readonly version: string;
  readonly at: string;
  readonly work: RsyncWork;
  readonly facts: z.infer<typeof vaultFactsSchema>;
  readonly files: z.infer<typeof indexSchema>['files'];
}

/** Works with the newest version of the vault, without its secrets; undefined: the mirror has none. */
export async function withVault<T>(host: Host, call: Call, work: (vault: Vault | undefined) => Promise<T>): Promise<T> {
  const by = { box: sourceBox(host), user: mirrorUser(host), call };
  return withMirrorDirectory(by, async (directory) => {
    const version = await fetchNewest(by, directory);
    if (version === undefined) return work(undefined);
    const at = path.join(directory, 'vault', version);
    const read = async (name: string): Promise<unknown> => JSON.parse((await readVault({ at, work: by }, name)) ?? '');
    const facts = vaultFactsSchema.parse(await read('facts.json'));
    const { files } = indexSchema.parse(await read('index.json'));
    return work({ version, at, work: by, facts, files });
  });
}

/**
 * A file of it, one character for each byte; undefined when it is not there. Read with the rights of the user that fetched it: what came from
 * a box must not be a way to what only the agent may read.
 */
export async function readVault({ at, work }: Pick<Vault, 'at' | 'work'>, name: string): Promise<string | undefined> {
  const argv = ['/usr/bin/base64', '--wrap=0', '--', path.join(at, name)];
  const encoded = await runForMirror(work, argv).catch((error: unknown) => {
    work.call.signal.throwIfAborted();
    work.call.log(`the vault has no ${name}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  });
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('latin1');
}

/** The newest one whose last file is there; its secrets are not needed. */
async function fetchNewest(work: RsyncWork, into: string): Promise<string | undefined> {
  const indexes = ['--include=/vault/', '--include=/vault/*/', '--include=/vault/*/index.json', '--exclude=*'];
  await fetchFilesFrom(work, into, indexes);
  const names = (await listDirectory(path.join(into, 'vault'))).filter((name) => vaultVersionPattern.test(name));
  const whole: string[] = [];
  for (const name of names) {
    if ((await kindOf(path.join(into, 'vault', name, 'index.json'))) === 'file') whole.push(name);
  }
  const newest = whole.at(-1);
  if (newest === undefined) return undefined;
  const filters = [
    '--include=/vault/',
    `--exclude=/vault/${newest}/*.age`,
    `--include=/vault/${newest}/***`,
    '--exclude=*',
  ];
  await fetchFilesFrom(work, into, filters);
  return newest;
}
