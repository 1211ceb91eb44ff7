/** The settings in the text of a postgresql.auto.conf: name, unquoted value, the line itself. Later lines win in PostgreSQL. */
export function parseAutoConf(text: string): { name: string; value: string; line: string }[] {
  const settings: { name: string; value: string; line: string }[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const match = /^([A-Za-z_][A-Za-z0-9_.]*)\s*=?\s*(?:'((?:[^']|'')*)'|([^\s#]*))/.exec(line);
    if (!match || line.startsWith('#')) continue;
    settings.push({
      name: (match[1] ?? '').toLowerCase(),
      value: (match[2]?.replaceAll("''", "'") ?? match[3] ?? '').trim(),
      line,
    });
  }
  return settings;
}

/** Settings whose values may be secrets: their lines are shown without the value. */
const secretNames = new Set(['primary_conninfo', 'ssl_passphrase_command', 'archive_command', 'restore_command']);

/** The line as it may be reported. */
export function reportableLine(setting: { name: string; line: string }): string {
  return secretNames.has(setting.name) || setting.name.includes('password')
    ? `${setting.name} = (hidden)`
    : setting.line;
}

/** The library names of a `shared_preload_libraries` value; a name in double quotes may hold a comma. */
export function parseLibraryList(value: string): string[] {
  return [...value.matchAll(/\s*(?:"([^"]*)"|([^,"]+))\s*(?:,|$)/g)]
    .map((match) => (match[1] ?? match[2] ?? '').trim())
    .filter((name) => name !== '');
}
