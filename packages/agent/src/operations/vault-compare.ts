import path from 'node:path';
import type { Result } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import { vaultVersionPattern } from '../mirror/vault-contents.ts';
import { redact } from '../mirror/redact.ts';
import { parentOf, vaultDifferences, vaultFactsSchema, type HostHas } from '../mirror/vault-differences.ts';
import { availableExtensionsSql } from '../postgres/vault-sql.ts';
import { kindOf, listDirectory } from '../system/directory-tree.ts';
import { readIfExists } from '../system/files.ts';
import { askIfAnswering } from './ask-live.ts';
import { execute, failure } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { fetchFrom } from './mirror-manifest.ts';
import { mirrorUser, sourceBox } from './mirror-place.ts';
import { withMirrorDirectory, writeForMirror } from './mirror-workplace.ts';
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
        : compare(host, { version, at: path.join(directory, 'vault', version), work }, call);
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

interface Vault {
  readonly version: string;
  readonly at: string;
  readonly work: RsyncWork;
}

async function compare(host: Host, vault: Vault, call: Call): Promise<Compared> {
  const read = async (name: string): Promise<string> => (await readIfExists(path.join(vault.at, name))) ?? '';
  const facts = vaultFactsSchema.parse(JSON.parse(await read('facts.json')));
  const here = await hostHas(
    host,
    (facts.cluster?.tablespaces ?? []).map(({ location }) => parentOf(location)),
    call,
  );
  const { files } = indexSchema.parse(JSON.parse(await read('index.json')));
  const readable = files.filter(({ inClear }) => inClear !== 'none').map((one) => one.path);
  return {
    version: vault.version,
    ...vaultDifferences({ facts, packages: await read('packages.txt') }, here),
    configuration: await differingFiles(vault, readable),
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

/** Secrets are left out on both sides before they are compared: whether one is another says the program that uses it. */
async function differingFiles({ at, work }: Vault, paths: readonly string[]): Promise<Compared['configuration']> {
  const found: Compared['configuration'] = [];
  for (const file of paths) {
    const there = await readIfExists(path.join(at, 'files', file));
    // What this user may not read says nothing.
    const here = await readIfExists(file).catch(() => there);
    if (there === undefined) continue;
    if (here === undefined) found.push({ path: file, is: 'missing', diff: null });
    else if (redact(here).text !== redact(there).text) {
      const both = {
        there: path.join(at, 'files', file),
        here: redact(here).text,
        into: path.join(at, `here-${found.length}`),
      };
      found.push({ path: file, is: 'differs', diff: found.length < diffsMax ? await diff(work, file, both) : null });
    }
  }
  return found;
}

const diffsMax = 30;
const diffMax = 4_000;

interface Both {
  readonly there: string;
  readonly here: string;
  /** A new file for it. */
  readonly into: string;
}

async function diff(work: RsyncWork, file: string, { there, here, into }: Both): Promise<string> {
  await writeForMirror(work, into, here);
  const labels = [`--label=${file} of the lost host`, `--label=${file} here`];
  const program = {
    argv: ['/usr/bin/diff', '--unified=2', ...labels, there, into],
    user: work.user,
    timeoutMs: 30_000,
  };
  const outcome = await execute(program, work.call.signal);
  // diff(1): 1 means that there are differences.
  if (outcome.exitCode !== 1) throw failure(program, outcome, 'internal');
  return outcome.stdout.slice(0, diffMax);
}
