/** What takes the place of a value that is a secret, or could be one. */
export const leftOutMark = '<left out by barback>';

/** A name that is given a value, by `=`, `:`, or as a long option by a space. */
const assignment = /(?<name>[A-Za-z][\w.-]*)(?<by>\s*[=:]\s*)|(?<option>--[\w-]+)(?<space>\s+)(?=[^\s=-])/g;
const secretName =
  /pass(?:word|wd|phrase|$|[_-])|passwd|pwd|secret|token|credential|(?:api|access|private|account)_?-?key/i;
/** Where a secret lies, or how it is kept, is none. */
const harmlessName = /(?:file|path|_encryption|_required|_supports_reload)$/i;
/** As a setting that is not set looks, with the comment behind it. */
const emptyValue = /^\s*(?:''|"")?\s*(?:[#;].*)?$/;
const inUri = /(?<head>[A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s/@:'"]*:)[^\s@'"]+@/g;
/** As PostgreSQL and PgBouncer store them. */
const verifier = /SCRAM-SHA-256\$\S+|\bmd5[0-9a-f]{32}\b/g;

/**
 * A configuration without its secrets. The rest of a line goes with one: where a value ends differs from program to program, and a
 * line that says too little can be asked about, one that says too much cannot be taken back. Pure.
 */
export function redact(text: string): { readonly text: string; readonly lines: number } {
  let lines = 0;
  const kept = text.split('\n').map((line) => {
    const less = redactLine(line);
    if (less !== line) lines += 1;
    return less;
  });
  return { text: kept.join('\n'), lines };
}

/** Whole files that are nothing but a secret. Pure. */
export function isSecretFile(name: string, text: string): boolean {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return true;
  return /(?:^|\/)(?:\.pgpass|userlist\.txt|\.netrc)$/.test(name) || /(?:^|\/)\.ssh\//.test(name);
}

function redactLine(line: string): string {
  for (const { index, 0: whole, groups } of line.matchAll(assignment)) {
    const name = groups?.['name'] ?? groups?.['option'] ?? '';
    if (!secretName.test(name) || harmlessName.test(name)) continue;
    const before = line.slice(0, index + whole.length);
    return emptyValue.test(line.slice(before.length)) ? line : without(before) + leftOutMark;
  }
  return without(line);
}

function without(line: string): string {
  return line.replaceAll(inUri, `$<head>${leftOutMark}@`).replaceAll(verifier, leftOutMark);
}
