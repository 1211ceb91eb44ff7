/** What is read with the rights of one user. Pure data. */
export interface VaultPlace {
  readonly path: string;
  readonly startingWith?: readonly string[];
}

/** Of the machine: everything in places that root alone writes (Debian 12 and 13; T40). */
export const hostPlaces: readonly VaultPlace[] = [
  { path: '/etc/os-release' },
  { path: '/etc/timezone' },
  { path: '/etc/locale.gen' },
  { path: '/etc/default/locale' },
  { path: '/etc/fstab' },
  { path: '/etc/hosts' },
  { path: '/etc/sysctl.conf' },
  { path: '/etc/sysctl.d' },
  { path: '/etc/security/limits.conf' },
  { path: '/etc/security/limits.d' },
  { path: '/etc/apt/sources.list' },
  { path: '/etc/apt/sources.list.d' },
  { path: '/etc/apt/preferences' },
  { path: '/etc/apt/preferences.d' },
  { path: '/etc/postgresql-common' },
  { path: '/etc/cron.d', startingWith: ['barman', 'postgres', 'barback'] },
  { path: '/etc/systemd/system', startingWith: ['postgresql', 'barman', 'pgbouncer', 'barback'] },
  { path: '/etc/logrotate.d', startingWith: ['postgresql', 'barman', 'pgbouncer'] },
];

/** In a directory of PostgreSQL's own data, these alone are configuration. */
export function dataDirectoryPlaces(dataDirectory: string): readonly VaultPlace[] {
  const names = ['postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf', 'conf.d'];
  return names.map((name) => ({ path: `${dataDirectory}/${name}` }));
}

/** Secret as a whole: what a user connects with. */
export function homePlaces(home: string): readonly VaultPlace[] {
  return [{ path: `${home}/.pgpass` }, { path: `${home}/.ssh` }];
}

/** Barman's configuration file by its command line (barman(1), 3.4 to 3.13: -c, --config), or where it looks itself. */
export function barmanConfigurationFiles(argv: readonly string[], home: string): readonly string[] {
  for (const [index, word] of argv.entries()) {
    if (word === '-c' || word === '--config') return argv.slice(index + 1, index + 2);
    if (word.startsWith('--config=')) return [word.slice('--config='.length)];
  }
  return [`${home}/.barman.conf`, '/etc/barman.conf', '/etc/barman/barman.conf'];
}

/** What Barman's configuration leads to: files of other servers, and passwords elsewhere than in its home. */
export function namedByBarman(text: string): {
  readonly files: readonly string[];
  readonly secrets: readonly string[];
} {
  const found = (pattern: RegExp): string[] => [...text.matchAll(pattern)].flatMap(([, file]) => file ?? []);
  return {
    files: found(/^\s*configuration_files_directory\s*=\s*(\/\S+)/gm),
    secrets: found(/\b(?:passfile|sslkey)\s*=\s*'?(\/[^\s'?&]+)/g),
  };
}
