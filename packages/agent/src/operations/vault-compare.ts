import path from 'node:path';
import type { Result } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import { redact } from '../mirror/redact.ts';
import { parentOf, vaultDifferences, type HostHas } from '../mirror/vault-differences.ts';
import { availableExtensionsSql } from '../postgres/vault-sql.ts';
import { kindOf, listDirectory } from '../system/directory-tree.ts';
import { askIfAnswering } from './ask-live.ts';
import { isWithin, separateDirectories } from './cluster-configuration.ts';
import { adoptionsOf, configurationHere, type Adoption, type FilesHere } from './configuration-adoption.ts';
import { configurationDiff } from './configuration-diff.ts';
import type { Call, Handler, Host } from './handler.ts';
import { systemReports } from './vault-collect.ts';
import { readVault, withVault, type Vault } from './vault-fetch.ts';

type Compared = Result<'vault-compare'>;

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
  adoptable: [],
  withSecrets: [],
};

export const vaultCompare: Handler<'vault-compare'> = {
  perform: (host, _params, call) =>
    withVault(host, call, async (vault) => (vault === undefined ? nothing : compare(host, vault, call))),
};

async function compare(host: Host, vault: Vault, call: Call): Promise<Compared> {
  const { facts } = vault;
  const here = await hostHas(
    host,
    (facts.cluster?.tablespaces ?? []).map(({ location }) => parentOf(location)),
    call,
  );
  const packages = (await readVault(vault, 'packages.txt')) ?? '';
  const mine = await configurationHere(host, call);
  const { files, withSecrets } = await adoptionsOf(host, { vault, here: mine }, call);
  return {
    version: vault.version,
    ...vaultDifferences({ facts, packages }, here),
    configuration: await differingFiles(host, vault, mine),
    adoptable: await adoptable(vault, files),
    withSecrets: [...withSecrets],
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
async function differingFiles(host: Host, vault: Vault, mine: FilesHere): Promise<Compared['configuration']> {
  const found: Compared['configuration'] = [];
  const directories = separateDirectories(host, vault);
  for (const { path: file } of vault.files.filter(({ inClear }) => inClear !== 'none')) {
    const there = await readVault(vault, path.join('files', file));
    // A cluster may have another name on this host.
    const place =
      directories && isWithin(file, directories.lost)
        ? path.join(directories.here, path.relative(directories.lost, file))
        : file;
    const here = mine.files.get(place);
    // What may not be read here says nothing.
    if (there === undefined || mine.unread.has(place)) continue;
    if (here === undefined) found.push({ path: place, is: 'missing', diff: null });
    else if (redact(here).text !== redact(there).text) {
      const sides = [
        { label: `${file} of the lost host`, text: there },
        { label: `${place} here`, text: here },
      ] as const;
      found.push({
        path: place,
        is: 'differs',
        diff: found.length < filesMax ? await configurationDiff(vault, ...sides) : null,
      });
    }
  }
  return found;
}

async function adoptable(vault: Vault, files: readonly Adoption[]): Promise<Compared['adoptable']> {
  const shown: Compared['adoptable'] = [];
  for (const { path: file, here, adopted, sha256 } of files) {
    const from = { label: `${file} here`, text: here ?? '' };
    const to = { label: `${file} adopted`, text: adopted };
    const diff = shown.length < filesMax ? await configurationDiff(vault, from, to) : null;
    shown.push({ path: file, sha256, diff });
  }
  return shown;
}

/** Of which a diff is shown. */
const filesMax = 30;
