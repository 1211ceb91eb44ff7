/** What rsync tells while it works (`--info=progress2`, rsync 3.2.7). */
export interface RsyncProgress {
  readonly bytes: number;
  /** Share of the files that are done; null while the list still grows. */
  readonly done: number | null;
}

const progressPattern =
  /^\s*(?<bytes>\d+)\s+\d+%\s+[\d.]+[kMGT]?B\/s\s+\d+:\d\d:\d\d(?:\s+\(xfr#\d+, (?:ir|to)-chk=(?<left>\d+)\/(?<all>\d+)\))?/;

/** The newest progress of a piece of output; its lines end with carriage returns. Pure. */
export function parseProgress(text: string): RsyncProgress | null {
  for (const line of text.split(/[\r\n]/).toReversed()) {
    const { bytes, left, all } = progressPattern.exec(line)?.groups ?? {};
    if (bytes === undefined) continue;
    const done = left === undefined || all === undefined || Number(all) === 0 ? null : 1 - Number(left) / Number(all);
    return { bytes: Number(bytes), done };
  }
  return null;
}

export interface RsyncStatistics {
  readonly files: number;
  readonly bytes: number;
  readonly filesSent: number;
  readonly bytesSent: number;
}

/** The block at the end (`--info=stats2`); undefined when it is not there. Pure. */
export function parseStatistics(text: string): RsyncStatistics | undefined {
  const number = (pattern: RegExp): number | undefined => {
    const found = pattern.exec(text)?.[1];
    return found === undefined ? undefined : Number(found.replaceAll(',', ''));
  };
  const files = number(/^Number of files: [\d,]+(?: \([^)]*?reg: ([\d,]+))?/m) ?? 0;
  const filesSent = number(/^Number of regular files transferred: ([\d,]+)/m);
  const bytes = number(/^Total file size: ([\d,]+) bytes/m);
  const literal = number(/^Literal data: ([\d,]+) bytes/m);
  if (filesSent === undefined || bytes === undefined || literal === undefined) return undefined;
  return { files, bytes, filesSent, bytesSent: literal };
}
