import { stat } from 'node:fs/promises';
import path from 'node:path';

/** Refuses a directory below one that other users cannot search: as root, PostgreSQL and Barman run as their own users. */
export async function requireSearchableAncestors(dir: string): Promise<void> {
  for (let at = path.dirname(dir); ; at = path.dirname(at)) {
    const info = await stat(at).catch(() => undefined);
    if (info !== undefined) {
      if (!info.isDirectory()) throw new Error(`cannot build a lab in ${dir}: ${at} is not a directory`);
      if ((info.mode & 0o001) === 0) {
        throw new Error(
          `cannot build a lab in ${dir}: users postgres and barman cannot search ${at} ` +
            `(mode ${(info.mode & 0o7777).toString(8).padStart(4, '0')}); run 'chmod o+x ${at}' or choose another --dir`,
        );
      }
    }
    if (at === path.dirname(at)) return;
  }
}
