import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { kindOf } from '../system/directory-tree.ts';
import { readIfExists } from '../system/files.ts';
import type { Host } from './handler.ts';
import type { ScratchPlace } from './scratch-place.ts';
import type { ScratchRecord } from './scratch-record.ts';
import { liesAt } from './sealed-record.ts';

const swapSchema = z.object({ state: z.enum(['intended', 'done', 'undone']) });

/**
 * Whether the copy has taken live's place, now or once: it and its tablespaces are production's then, and are never removed as a
 * scratch. Directories are told apart by inode; the record only decides about one that is at none of its places any more.
 */
export async function becameLive(host: Host, place: ScratchPlace, { sealed }: ScratchRecord): Promise<boolean> {
  if (sealed === null) return false;
  const { dataDirectory } = host.server.postgres;
  if (await liesAt(dataDirectory, sealed)) return true;
  const text = await readIfExists(path.join(place.records, 'swap.json'));
  const state = text === undefined ? null : swapSchema.parse(JSON.parse(text)).state;
  if (state === null || state === 'undone') return false;
  if (!(await liesAt(sealed.path, sealed))) return true;
  if (state === 'intended' && (await kindOf(dataDirectory)) !== 'absent') return false;
  throw new ProblemError('location-unsafe', `cannot discard ${sealed.path}: it is on its way to ${dataDirectory}`, {
    next: 'finish the swap with live-swap or put it back with live-swap-back, then discard',
    facts: { swap: state, sealed: sealed.path },
  });
}
