import type { Params } from '@barback/shared/operations/index.ts';
import type { CopyFacts } from './copy-steps.ts';
import { onAgent, type Step } from './step.ts';

/** What a mirror is said to hold, at least. */
export interface Mirrored {
  readonly newestCommit: Params<'mirror-push'>['newestCommit'];
}

/** What a restore needs from the box, as whoever has nothing else would get it. */
export function fetchStep({ server, backup }: CopyFacts, bandwidthKBps: number | null): Step {
  const expectBytes = backup.sizeBytes ?? 0;
  return {
    name: 'fetch',
    title: `Fetch backup ${backup.id} and its WAL from the mirror`,
    action: onAgent('mirror-fetch', { server, backupId: backup.id, expectBytes, bandwidthKBps }),
    inverse: {
      when: 'always',
      name: 'discard-fetched',
      title: 'Delete what was fetched',
      action: onAgent('mirror-discard', { server }),
    },
  };
}

/** The page of the mirror is held to its word; where it knew of no commit there is none to hold it to. */
export function judgeMirroredSteps({ newestCommit }: Mirrored): Step[] {
  if (newestCommit === null) return [];
  return [
    {
      name: 'judge-mirrored',
      title: `Prove that the mirror holds what it is said to: every commit up to ${newestCommit.lsn}`,
      action: { on: 'api', op: 'judge-mirrored', params: { ...newestCommit } },
    },
  ];
}
