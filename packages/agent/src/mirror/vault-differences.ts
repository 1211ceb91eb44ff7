import type { Result } from '@barback/shared/operations/index.ts';
import { z } from 'zod';

type Differences = Omit<Result<'vault-compare'>, 'version' | 'configuration' | 'adoptable' | 'withSecrets'>;

const localeSchema = z.looseObject({
  datcollate: z.string().nullish(),
  datctype: z.string().nullish(),
});

/** Of facts.json, as far as it is compared; a vault that was taken while live was down has no cluster. */
export const vaultFactsSchema = z.looseObject({
  glibc: z.string(),
  cluster: z
    .looseObject({
      places: z.record(z.string(), z.string()).nullish(),
      tablespaces: z.array(z.looseObject({ name: z.string(), location: z.string() })).default([]),
      databases: z.array(z.looseObject({ name: z.string(), locale: localeSchema.nullish() })).default([]),
      extensions: z.record(z.string(), z.record(z.string(), z.string()).nullable()).default({}),
    })
    .nullable(),
});

/** What a vault says of the host that it was taken on. */
export interface VaultSays {
  readonly facts: z.infer<typeof vaultFactsSchema>;
  readonly packages: string;
}

/** The same of this host. */
export interface HostHas {
  readonly glibc: string;
  /** As `locale --all-locales` prints them. */
  readonly locales: string;
  readonly packages: string;
  /** Null while no cluster answers. */
  readonly extensions: readonly string[] | null;
  /** Names without ending in PostgreSQL's directory of libraries; null where that is not found. */
  readonly libraries: readonly string[] | null;
  /** Directories that are there, of those that tablespaces lay in. */
  readonly directories: readonly string[];
}

/** Pure. */
export function vaultDifferences({ facts, packages }: VaultSays, here: HostHas): Differences {
  const { cluster } = facts;
  const locales = new Set(here.locales.split('\n').map(plainLocale));
  const wanted = (cluster?.databases ?? []).flatMap(({ locale }) => [locale?.datcollate, locale?.datctype]);
  const used = new Set(Object.values(cluster?.extensions ?? {}).flatMap((one) => Object.keys(one ?? {})));
  const { extensions, libraries } = here;
  return {
    missingLocales: unique(
      wanted.flatMap((one) => (one && !isBuiltIn(one) && !locales.has(plainLocale(one)) ? [one] : [])),
    ),
    glibc: differing(facts.glibc, here.glibc),
    icu: differing(icuOf(packages), icuOf(here.packages)),
    olderBarman: older(versionOf(packages, 'barman'), versionOf(here.packages, 'barman')),
    missingExtensions: extensions && [...used].filter((name) => !extensions.includes(name)).toSorted(),
    missingLibraries: preloaded(cluster?.places?.['shared_preload_libraries'] ?? '').filter(
      (name) => libraries !== null && !libraries.includes(name),
    ),
    missingPlaces: (cluster?.tablespaces ?? []).flatMap(({ name, location }) =>
      here.directories.includes(parentOf(location)) ? [] : [{ tablespace: name, location }],
    ),
  };
}

export function parentOf(location: string): string {
  return location.replace(/\/[^/]+\/?$/, '') || '/';
}

/** `en_US.UTF-8`, `en_US.utf8` and `en_US.UTF8` are one (setlocale(3)). */
function plainLocale(name: string): string {
  const [language = '', encoding] = name.trim().split('.');
  return encoding === undefined ? language : `${language}.${encoding.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}`;
}

function isBuiltIn(name: string): boolean {
  return name === 'C' || name === 'POSIX' || name === 'C.UTF-8';
}

function differing(there: string, here: string): { there: string; here: string } | null {
  return there === '' || here === '' || there === here ? null : { there, here };
}

/** Lines `NAME[:ARCH] VERSION STATE`. */
function versionOf(packages: string, name: string): string {
  const line = packages.split('\n').find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}:`));
  return line?.split(' ')[1] ?? '';
}

function icuOf(packages: string): string {
  const line = packages.split('\n').find((one) => /^libicu\d+(:\S+)? /.test(one));
  return /^libicu(\d+)/.exec(line ?? '')?.[1] ?? '';
}

/** By the numbers of the upstream version. */
function older(there: string, here: string): { there: string; here: string } | null {
  const numbers = (text: string): number[] => (/^(?:\d+:)?([\d.]+)/.exec(text)?.[1] ?? '').split('.').map(Number);
  if (there === '' || here === '') return null;
  const [wanted, found] = [numbers(there), numbers(here)];
  const at = wanted.findIndex((part, index) => part !== (found[index] ?? 0));
  return at !== -1 && (found[at] ?? 0) < (wanted[at] ?? 0) ? { there, here } : null;
}

function preloaded(setting: string): string[] {
  return setting.split(',').flatMap((one) => {
    const name = one.trim().replaceAll('"', '').replace(/^.*\//, '').replace(/\.so$/, '');
    return name === '' ? [] : [name];
  });
}

function unique(all: readonly string[]): string[] {
  return [...new Set(all)].toSorted();
}
