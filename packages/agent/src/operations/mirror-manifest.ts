import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { boxText } from '../mirror/box.ts';
import { manifestName, parseManifest, type MirrorManifest } from '../mirror/manifest.ts';
import type { RsyncStatistics } from '../mirror/rsync-output.ts';
import { runForMirror } from './mirror-workplace.ts';
import { runRsync, type RsyncWork } from './run-rsync.ts';

/** Fetches part of the mirror into a directory; what is there with the same size and time is not fetched again. */
export function fetchFrom(
  work: RsyncWork,
  into: string,
  filters: readonly string[],
  phase: string,
): Promise<RsyncStatistics> {
  const kind = { direction: 'fetch', remote: '', deletes: false, compareContents: false } as const;
  return runRsync(work, { ...kind, local: `${into}/`, filters }, phase);
}

/** The same without symbolic links: what is read afterwards is what came from there. */
export function fetchFilesFrom(work: RsyncWork, into: string, filters: readonly string[]): Promise<RsyncStatistics> {
  const kind = { direction: 'fetch', remote: '', deletes: false, compareContents: false, links: false } as const;
  return runRsync(work, { ...kind, local: `${into}/`, filters }, 'vault');
}

/** What the box is told about itself. */
export async function fetchManifest(work: RsyncWork, into: string): Promise<MirrorManifest> {
  await fetchFrom(work, into, [`--include=/${manifestName}`, '--exclude=*'], 'manifest');
  return readManifest(work, into);
}

/** As it was fetched before. */
async function readManifest(work: RsyncWork, from: string): Promise<MirrorManifest> {
  const text = await runForMirror(work, ['/usr/bin/cat', '--', path.join(from, manifestName)]).catch(
    (error: unknown) => {
      if (work.call.signal.aborted) throw error;
      return '';
    },
  );
  const manifest = parseManifest(text);
  if (manifest) return manifest;
  throw new ProblemError('no-mirror', `${boxText(work.box)} has no ${manifestName} that can be read`, {
    next: 'bring the mirror up to date: POST /v1/runs with scenario mirror',
  });
}
