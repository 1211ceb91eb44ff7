import { ProblemError } from '@barback/shared/wire/problem.ts';
import { fencedText, isTorn, type Exempt } from '../postgres/hba-fence.ts';
import { realPath } from '../system/look-at-file.ts';
import { exemptOf, hbaFileOf, liftByHand } from './fence-place.ts';
import type { Call, Host } from './handler.ts';
import { withServerFile } from './server-file.ts';

export async function writeFence(host: Host, hbaFile: string, exempt: readonly Exempt[], plan: string): Promise<void> {
  await withServerFile(host, hbaFile, async ({ text, replace }) => {
    refuseTorn(host, hbaFile, text);
    const fenced = fencedText(text, exempt, plan, liftByHand(host));
    if (fenced.shutOut.length > 0) {
      throw new ProblemError(
        'fence-incomplete',
        `a fence in ${hbaFile} would shut out ${fenced.shutOut.join(', ')} too`,
        {
          next: 'give each of them a plain line there; nothing was changed, live goes on',
          facts: { hbaFile, shutOut: [...fenced.shutOut] },
        },
      );
    }
    if (fenced.text !== text) await replace(fenced.text);
  });
}

export function refuseTorn(host: Host, hbaFile: string, text: string): void {
  if (!isTorn(text)) return;
  throw new ProblemError('fence-incomplete', `a part of a fence was taken out of ${hbaFile} by hand`, {
    next: `nobody can tell which lines are its own; ${liftByHand(host)}, then try again`,
    facts: { hbaFile },
  });
}

/** Whether pg_hba.conf goes with the data directory when that is swapped. */
async function isInDataDirectory(host: Host, hbaFile: string): Promise<boolean> {
  const [real, root] = [await realPath(hbaFile), await realPath(host.server.postgres.dataDirectory)];
  return real !== undefined && root !== undefined && real.startsWith(`${root}/`);
}

/**
 * The file that came to the live path with another directory knows nothing of the fence: it gets it before anybody can start what is
 * there. The one that was replaced keeps its own, and has it again when it is put back.
 */
export async function refence(host: Host, plan: string, call: Call): Promise<void> {
  const hbaFile = hbaFileOf(host);
  if (hbaFile === undefined || !(await isInDataDirectory(host, hbaFile))) return;
  await writeFence(host, hbaFile, await exemptOf(host, call), plan);
}
