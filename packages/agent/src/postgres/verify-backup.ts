/** What differs, by file, in the output of `pg_verifybackup` (PostgreSQL 13–17): every line that names a file. */
export function parseVerifyBackup(output: string): { readonly file: string; readonly problem: string }[] {
  const found: { file: string; problem: string }[] = [];
  for (const line of output.split('\n')) {
    const message = /^pg_verifybackup: (?:error|warning): (.*)$/.exec(line)?.[1];
    const file = message === undefined ? undefined : /"([^"]+)"/.exec(message)?.[1];
    if (message !== undefined && file !== undefined) found.push({ file, problem: message });
  }
  return found;
}

/** Number and total size of the files in the text of a backup_manifest (version 1 and 2, JSON). */
export function manifestTotals(text: string): { files: number; bytes: number } {
  const manifest = JSON.parse(text) as { Files?: { Size?: number }[] };
  const files = manifest.Files ?? [];
  return { files: files.length, bytes: files.reduce((sum, one) => sum + (one.Size ?? 0), 0) };
}
