const setting = /^(?<before>[ \t]*data_directory[ \t]*(?:=[ \t]*|[ \t]))'(?<value>(?:[^'\\]|'')*)'/gim;

/**
 * postgresql.conf with another data_directory in the place of the given one, in every line that sets it; null when none names it. A value
 * without quotes cannot hold a slash (config.sgml, "Parameter Names and Values"). Pure.
 */
export function withDataDirectory(text: string, from: string, to: string): string | null {
  let found = false;
  const changed = text.replaceAll(setting, (line, before: string, value: string) => {
    if (trimmed(value.replaceAll("''", "'")) !== trimmed(from)) return line;
    found = true;
    return `${before}'${to.replaceAll("'", "''")}'`;
  });
  return found ? changed : null;
}

function trimmed(directory: string): string {
  return directory.replace(/\/+$/, '');
}
