import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { renamesTo, swapState, type Lies, type SwapPlaces, type SwapState } from '../postgres/swap-state.ts';
import { ParentDirectory } from '../system/parent-directory.ts';
import { isKnownAgain } from '../system/known-again.ts';
import type { SwapRecord } from './swap-record.ts';

/** The names of a swap in their one directory. */
interface Names {
  readonly live: string;
  readonly kept: string;
  readonly source: string;
}

/** The directory in which everything of a swap lies, held open. */
export async function openSwap(record: SwapRecord): Promise<ParentDirectory> {
  const parent = path.dirname(record.live.path);
  const strangers = [record.keptPath, record.incoming.path].filter((one) => path.dirname(one) !== parent);
  if (strangers.length > 0) throw altered(record, `${strangers.join(', ')} is not in ${parent}`);
  try {
    return await ParentDirectory.open(parent);
  } catch (error) {
    throw altered(record, `${parent} cannot be opened as a directory: ${error instanceof Error ? error.message : ''}`);
  }
}

/** How far the swap is, by inode. */
export async function lookAtSwap(parent: ParentDirectory, record: SwapRecord): Promise<SwapState> {
  return swapState(await placesOf(parent, record), record.old !== null);
}

/** Does the renames that are left; each is durable before the next. Throws when something else lies at one of the places. */
export async function moveTo(goal: 'done' | 'not-begun', parent: ParentDirectory, record: SwapRecord): Promise<void> {
  const renames = renamesTo(goal, await placesOf(parent, record), record.old !== null);
  if (!renames) throw await notOurs(parent, record);
  const names = namesOf(record);
  for (const { from, to } of renames) await parent.rename(names[from], names[to]);
}

export async function placesOf(parent: ParentDirectory, record: SwapRecord): Promise<SwapPlaces> {
  const names = namesOf(record);
  const of = async (name: string): Promise<Lies> => {
    const found = await parent.identityOf(name);
    if (!found) return 'nothing';
    if ((await parent.kindOf(name)) !== 'directory') return 'other';
    if (await isKnownAgain(record.incoming, found)) return 'incoming';
    return (await isKnownAgain(record.old, found)) ? 'old' : 'other';
  };
  return { live: await of(names.live), kept: await of(names.kept), source: await of(names.source) };
}

function namesOf({ live, keptPath, incoming }: SwapRecord): Names {
  return {
    live: path.basename(live.path),
    kept: path.basename(keptPath),
    source: path.basename(incoming.path),
  };
}

async function notOurs(parent: ParentDirectory, record: SwapRecord): Promise<ProblemError> {
  const places = await placesOf(parent, record);
  const says = (name: string, lies: Lies): string =>
    `${name}: ${{ old: 'what was live', incoming: 'the restored one', other: 'something else', nothing: 'nothing' }[lies]}`;
  return altered(
    record,
    [
      says(record.live.path, places.live),
      says(record.keptPath, places.kept),
      says(record.incoming.path, places.source),
    ].join('; '),
    { ...places },
  );
}

function altered(record: SwapRecord, detail: string, facts: Record<string, string> = {}): ProblemError {
  return new ProblemError(
    'location-unsafe',
    `the directories of plan ${record.plan} are not as the agent left them: ${detail}`,
    {
      next: 'nothing was renamed; look on the host at what lies there (barback-agent rescue status tells it of the live path), then put the directories back',
      facts,
    },
  );
}
