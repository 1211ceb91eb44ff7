/** A version of Barman. */
export interface BarmanRelease {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/** The release that a text begins with: a version, or what `barman --version` prints. */
export function parseBarmanRelease(text: string): BarmanRelease {
  const match = /^(\d+)\.(\d+)[^\s]*/.exec(text.trim());
  if (match === null) throw new Error(`cannot read the version of Barman in '${text.trim()}'`);
  return { text: match[0], major: Number(match[1]), minor: Number(match[2]) };
}

/** Whether a release is the given one or a later one. */
export function isAtLeast(release: BarmanRelease, major: number, minor: number): boolean {
  return release.major > major || (release.major === major && release.minor >= minor);
}
