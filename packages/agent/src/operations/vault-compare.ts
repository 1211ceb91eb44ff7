import path from 'node:path';
import type { Result } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import { vaultVersionPattern } from '../mirror/vault-contents.ts';
import { parentOf, vaultDifferences, vaultFactsSchema, type HostHas } from '../mirror/vault-differences.ts';
import { availableExtensionsSql } from '../postgres/vault-sql.ts';
import { kindOf, listDirectory } from '../system/directory-tree.ts';
import { readIfExists } from '../system/files.ts';
import { askIfAnswering } from './ask-live.ts';
import type { Call, Handler, Host } from './handler.ts';
import { fetchFrom } from './mirror-manifest.ts';
import { mirrorUser, sourceBox } from './mirror-place.ts';
import { withMirrorDirectory } from './mirror-workplace.ts';
import type { RsyncWork } from './run-rsync.ts';
import { systemReports } from './vault-collect.ts';

type Compared = Result<'vault-compare'>;

const indexSchema = z.looseObject({
  files: z.array(z.looseObject({ path: z.string(), inClear: z.enum(['whole', 'redacted', 'none']) })),
});

const nothing: Compared = {
  version: null,
  missingLocales: [],
  glibc: null,
  icu: null,
  olderBarman: null,
  missingExtensions: [],
  missingLibraries: [],
  missingPlaces: [],
  configuration: [],
};

export const vaultCompare: Handler<'vault-compare'> = {
  async perform(host, _params, call) {
    const work = { box: sourceBox(host), user: mirrorUser(host), call };
    return withMirrorDirectory(work, async (directory) => {
      const version = await fetchNewest(work, directory);
      return version === undefined
        ? nothing
        : compare(host, { version, at: path.join(directory, 'vault', version) }, call);
    });
  },
};

/** The newest one whose last file is there; its secrets are not needed. */
async function fetchNewest(work: RsyncWork, into: string): Promise<string | undefined> {
  const indexes = ['--include=/vault/', '--include=/vault/*/', '--include=/vault/*/index.json', '--exclude=*'];
  await fetchFrom(work, into, indexes, 'vault');
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
  await fetchFrom(work, into, filters, 'vault');
  return newest;
}

async function compare(host: Host, vault: { version: string; at: string }, call: Call): Promise<Compared> {
  const read = async (name: string): Promise<string> => (await readIfExists(path.join(vault.at, name))) ?? '';
  const facts = vaultFactsSchema.parse(JSON.parse(await read('facts.json')));
  const here = await hostHas(
    host,
    (facts.cluster?.tablespaces ?? []).map(({ location }) => parentOf(location)),
    call,
  );
  const { files } = indexSchema.parse(JSON.parse(await read('index.json')));
  const whole = files.filter(({ inClear }) => inClear === 'whole').map((one) => one.path);
  return {
    version: vault.version,
    ...vaultDifferences({ facts, packages: await read('packages.txt') }, here),
    configuration: await differingFiles(vault.at, whole),
  };
}

async function hostHas(host: Host, places: readonly string[], call: Call): Promise<HostHas> {
  const { packages, locales, glibc } = await systemReports(call);
  const extensions = await askIfAnswering(host, { sql: availableExtensionsSql }, z.array(z.string()), call);
  const libraries = await listDirectory(path.join(host.server.postgres.binDirectory, '../lib'));
  const kinds = await Promise.all(places.map(kindOf));
  return {
    glibc: glibc.trim(),
    locales,
    packages,
    extensions,
    libraries: libraries.length === 0 ? null : libraries.map((name) => name.replace(/\.so$/, '')),
    directories: places.filter((_, index) => kinds[index] === 'directory'),
  };
}

async function differingFiles(vault: string, paths: readonly string[]): Promise<Compared['configuration']> {
  const found: Compared['configuration'] = [];
  for (const file of paths) {
    const there = await readIfExists(path.join(vault, 'files', file));
    // What this user may not read says nothing.
    const here = await readIfExists(file).catch(() => there);
    if (there === undefined || here === there) continue;
    found.push({ path: file, is: here === undefined ? 'missing' : 'differs' });
  }
  return found;
}
