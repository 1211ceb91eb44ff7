/** An entry of an archive as `pg_restore --list` prints it (15–18, PrintTOCSummary in pg_backup_archiver.c). */
export interface ListEntry {
  readonly line: string;
  /** What it is, its schema or `-`, and its name, as one text: names may have spaces. */
  readonly what: string;
}

/** `219; 1259 17163 TABLE public t postgres`; names with line ends are cleaned by pg_dump itself. Throws an Error for any other line. */
export function parseRestoreList(text: string): ListEntry[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
  return lines.map((line) => {
    const what = /^\d+; \d+ \d+ (.+)$/.exec(line)?.[1];
    if (what === undefined) throw new Error(`cannot read this line of pg_restore --list: ${line.slice(0, 200)}`);
    return { line, what };
  });
}

/** Belongs to a superuser, or names roles as whom nothing is loaded. */
const neverLoaded = /^(EVENT TRIGGER|COMMENT - EVENT TRIGGER|DEFAULT ACL|PUBLICATION|SUBSCRIPTION|SECURITY LABEL) /;

/** What the owner of an extension may say of it, and the role is not its owner. */
const ofExtension = /^COMMENT - EXTENSION /;

export interface Selected {
  readonly list: string;
  readonly leftOut: readonly string[];
}

/** Which entries are loaded; those for what was made before are passed over silently. Pure. */
export function selectEntries(
  entries: readonly ListEntry[],
  made: { readonly extensions: readonly string[]; readonly schemas: readonly string[] },
): Selected {
  const prefixes = [
    ...made.extensions.map((name) => `EXTENSION - ${name} `),
    ...made.schemas.map((name) => `SCHEMA - ${name} `),
  ];
  const isMade = ({ what }: ListEntry) => ofExtension.test(what) || prefixes.some((prefix) => what.startsWith(prefix));
  const loaded = entries.filter((entry) => !neverLoaded.test(entry.what) && !isMade(entry));
  return {
    list: loaded.map(({ line }) => `${line}\n`).join(''),
    leftOut: entries.filter(({ what }) => neverLoaded.test(what)).map(({ what }) => what),
  };
}

/** Tables whose rows the archive has; every table that was dumped is one, the empty ones too. */
export function tablesWithData(entries: readonly ListEntry[]): number {
  return entries.filter(({ what }) => what.startsWith('TABLE DATA ')).length;
}
