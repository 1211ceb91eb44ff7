import type { Result } from '@barback/shared/operations/index.ts';
import type { Finding } from '../plan-document.ts';
import type { Found, Rule } from './rule.ts';

/** What this host lacks of what the lost one had (T40), and what is asked to be done about its configuration. */
export interface VaultGiven extends Result<'vault-compare'> {
  readonly asked: 'show' | 'adopt';
}

const noVault: Rule<VaultGiven> = ({ version }) =>
  version === null
    ? {
        code: 'vault-missing',
        severity: 'warning',
        title: 'The mirror has no vault',
        detail: 'Which locales, extensions, libraries and configuration the lost host had is not known.',
        remedy: 'Compare what you know of it with this host before you start.',
      }
    : null;

const locales: Rule<VaultGiven> = ({ missingLocales }) =>
  missingLocales.length === 0
    ? null
    : {
        code: 'locale-missing',
        severity: 'blocking',
        title: 'Databases have locales that this host does not have',
        detail: `Missing: ${missingLocales.join(', ')}. PostgreSQL would not let anybody into these databases.`,
        remedy: 'Make them here (Debian: add them to /etc/locale.gen, run locale-gen), then plan again.',
      };

const barman: Rule<VaultGiven> = ({ olderBarman }) =>
  olderBarman === null
    ? null
    : {
        code: 'barman-older',
        severity: 'blocking',
        title: 'Barman here is older than the one whose catalogue it would read',
        detail: `The lost host had ${olderBarman.there}, this one has ${olderBarman.here}.`,
        remedy: 'Install the version of the lost host or a newer one that is supported, then plan again.',
      };

const collations: Rule<VaultGiven> = ({ glibc, icu }) => {
  const changes = [
    ...(glibc === null ? [] : [`${glibc.there} became ${glibc.here}`]),
    ...(icu === null ? [] : [`ICU ${icu.there} became ${icu.here}`]),
  ];
  if (changes.length === 0) return null;
  return {
    code: 'collation-changed',
    severity: 'confirm',
    title: 'Text may be ordered otherwise on this host',
    detail: `${changes.join('; ')}. Indexes over text whose collation has another version here are made anew before anybody gets in, which takes as long as they are large.`,
    remedy:
      'Take a host with the distribution of the lost one; or plan again with "acknowledge": ["collation-changed"], and with "reindex": "afterwards" where an earlier opening is worth wrong answers meanwhile.',
  };
};

const libraries: Rule<VaultGiven> = ({ missingLibraries, missingExtensions }) => {
  const missing = [...missingLibraries, ...(missingExtensions ?? [])];
  if (missing.length === 0) return null;
  const isBlocking = missingLibraries.length > 0;
  return {
    code: 'library-missing',
    severity: isBlocking ? 'blocking' : 'confirm',
    title: 'This host lacks libraries or extensions',
    detail: `Missing: ${missing.join(', ')}. ${isBlocking ? 'PostgreSQL does not start without what shared_preload_libraries names.' : 'What uses them fails.'}`,
    remedy: 'Install their packages (packages.txt in the vault has their names and versions), then plan again.',
  };
};

const places: Rule<VaultGiven> = ({ missingPlaces }) =>
  missingPlaces.length === 0
    ? null
    : {
        code: 'tablespace-place-missing',
        severity: 'blocking',
        title: 'Tablespaces have no place here',
        detail: missingPlaces.map(({ tablespace, location }) => `${tablespace}: ${location}`).join('; '),
        remedy: 'Make the directory above each, or mount what belongs there, then plan again.',
      };

const configuration: Rule<VaultGiven> = ({ asked, adoptable }) =>
  asked === 'adopt' || adoptable.length === 0
    ? null
    : {
        code: 'configuration-otherwise',
        severity: 'warning',
        title: "PostgreSQL's configuration of this host is not that of the lost one",
        detail: `Otherwise: ${adoptable.map(({ path }) => path).join(', ')}. Who may connect, and with how much of everything, is said here and not by the backup.`,
        remedy: 'Plan again with "configuration": "adopt": the plan then shows what is written, line by line.',
      };

const secrets: Rule<VaultGiven> = ({ asked, withSecrets }) =>
  asked === 'show' || withSecrets.length === 0
    ? null
    : {
        code: 'configuration-with-secrets',
        severity: 'warning',
        title: 'Files of the configuration are left to a person',
        detail: `They hold secrets that the vault has not in clear, or cannot be read here: ${withSecrets.join(', ')}.`,
        remedy: 'Open what is encrypted in the vault and write them by hand.',
      };

const rules: readonly Rule<VaultGiven>[] = [
  noVault,
  locales,
  barman,
  collations,
  libraries,
  places,
  configuration,
  secrets,
];

/** Pure. */
export function vaultFindings(facts: VaultGiven): readonly Finding[] {
  return rules.flatMap((rule): readonly Found[] => {
    const found = rule(facts);
    return found === null ? [] : [found].flat();
  });
}
