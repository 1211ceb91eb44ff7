export interface BarmanVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/**
 * Lines of Barman whose JSON and options the tests run; anything else is refused, never guessed. This is the only place that
 * knows versions: where two lines differ, the parsers take the shape that is there, and the operations avoid the difference.
 * Seen with 3.4.0 and 3.13.3, side by side on PostgreSQL 15 (fixtures):
 *
 * - `list-backup`: 3.4 gives a finished backup `tablespaces`, 3.13 gives every backup `backup_type` (`list-backup.ts`).
 * - `diagnose`: 3.13 adds `cluster_size`, `parent_backup_id` and others to a backup; `size` alone is that of the backup.
 *   Directories have the same names in both; `xlogdb_directory` is new, and the file in it is `main-xlog.db`, not `xlog.db`.
 *   `backup.info` moved from `base/ID/` to `meta/ID-backup.info`. Neither file is read: directories and diagnose tell.
 * - `recover`: 3.13 takes `--target-tli` alone for PITR, prints other `_INFO`, and writes `restore_command` with an absolute
 *   path. WAL and `recovery.signal` are ours (`argv.ts`, `copy-settings.ts`), so neither matters.
 * - `keep`, `check` and the texts of errors agree.
 */
const supportedLines = [
  { major: 3, minor: 4, note: 'tested with 3.4.0 (Debian 12)' },
  { major: 3, minor: 13, note: 'tested with 3.13.3 (Debian 13)' },
];

/** The version in the output of `barman --version`: "3.4.0 Barman by EnterpriseDB (www.enterprisedb.com)". */
export function parseBarmanVersion(text: string): BarmanVersion | undefined {
  const match = /^((\d+)\.(\d+)(?:\.\d+)?\S*) Barman\b/m.exec(text);
  if (!match) return undefined;
  return { text: match[1] ?? '', major: Number(match[2]), minor: Number(match[3]) };
}

/** What is known of this version, or null with the reason why it is refused. */
export function barmanSupport(version: BarmanVersion): { supported: string | null; reasons: string[] } {
  const line = supportedLines.find((one) => one.major === version.major && one.minor === version.minor);
  if (line) return { supported: line.note, reasons: [] };
  const known = supportedLines.map((one) => `${one.major}.${one.minor}`).join(', ');
  return { supported: null, reasons: [`Barman ${version.text} is not one of the supported lines ${known}`] };
}
