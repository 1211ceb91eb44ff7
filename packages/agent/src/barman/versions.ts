export interface BarmanVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/** Lines of Barman whose JSON and options have been tried or read; anything else is refused, never guessed. */
const supportedLines = [
  { major: 3, minor: 4, note: 'tested with 3.4.0 (Debian 12)' },
  { major: 3, minor: 13, note: 'prepared for 3.13 (Debian 13), not run by the tests' },
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
