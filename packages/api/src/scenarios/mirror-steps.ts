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

interface Fetching {
  readonly bandwidthKBps: number | null;
  readonly mirroredAt: string;
}

/** What the restore needs, at its place beside Barman's files; it stays there for the next plan when this one does not get to its end. */
export function fetchForBarmanStep({ server, backup }: CopyFacts, { bandwidthKBps, mirroredAt }: Fetching): Step {
  const expectBytes = backup.sizeBytes ?? 0;
  const params = { server, backupId: backup.id, expectBytes, bandwidthKBps, adopts: { mirroredAt } };
  return {
    name: 'fetch',
    title: `Fetch backup ${backup.id} and its WAL from the mirror; what an earlier try has brought is not fetched again`,
    action: onAgent('mirror-fetch', params),
  };
}

/** While nothing runs, Barman gets the history of the lost host, and loses that of the cluster which goes. */
export function adoptHomeStep(server: string): Step {
  return {
    name: 'adopt-home',
    title: "Put what was fetched at the place of Barman's files, and keep those",
    action: onAgent('barman-home-adopt', { server }),
    inverse: {
      when: 'failure',
      name: 'return-home',
      title: "Put Barman's former files back",
      action: onAgent('barman-home-return', { server }),
    },
  };
}

export function backfillStep({ server, backup }: CopyFacts, bandwidthKBps: number | null): Step {
  return {
    name: 'backfill',
    title: 'Fetch the other backups and the rest of the WAL; the mirror is not written to before',
    action: onAgent('mirror-backfill', { server, backupId: backup.id, bandwidthKBps }),
  };
}
