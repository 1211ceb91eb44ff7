import { mustRun } from './run-command.ts';

/** A curl command as it is shown and as it is run: the same words. */
export interface CurlLine {
  readonly argv: readonly string[];
  readonly shown: string;
}

/** `curl -sS -H @HEADER …`: the key stays in a file, never in an argument. */
export function curlLine(headerFile: string, ...words: readonly string[]): CurlLine {
  const argv = ['curl', '-sS', '--fail-with-body', '-H', `@${headerFile}`, ...words];
  return { argv, shown: argv.map(quoted).join(' ') };
}

/** Runs the line; an HTTP error is an error with the answer's body. */
export async function runCurl(line: CurlLine): Promise<string> {
  return mustRun(line.argv, { limitMs: 60_000 });
}

function quoted(word: string): string {
  return /^[A-Za-z0-9@%+=:,./_-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
