import type { Params } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import type { Scenario } from './scenario.ts';
import { onAgent, type Step } from './step.ts';

export const mirrorOptionsSchema = z
  .strictObject({
    /** Compare contents on both sides instead of sizes and times, and so mend what is damaged: reads everything. */
    compareContents: z.boolean().default(false),
    /** Before: compare what the box holds with the hashes that were taken when it was sent. Damage fails the run, at its end. */
    check: z.boolean().default(false),
    /** Files that are fetched for the check where the box has no sha256sum. */
    sampleMax: z.int().min(1).max(10_000).default(200),
    /** Findings of severity `confirm` that the operator has read, by code. */
    acknowledge: z.array(z.string().max(64)).max(32).default([]),
  })
  .meta({ id: 'MirrorOptions' });

export interface MirrorFacts {
  readonly server: string;
  readonly liveTimeline: number | null;
  readonly newestCommit: Params<'mirror-push'>['newestCommit'];
}

/** Barman's files of a server, on a box somewhere else; what is there already is not sent again. */
export const mirror: Scenario<typeof mirrorOptionsSchema, MirrorFacts> = {
  name: 'mirror',
  title: 'Mirror',
  touches: 'copy',
  undo: 'nothing to take back: the box has what Barman has',
  options: mirrorOptionsSchema,
  steps({ compareContents, check, sampleMax }, { server, liveTimeline, newestCommit }) {
    const push: Step = {
      name: 'mirror',
      title: "Send what the box lacks of Barman's files, in an order in which it is restorable at every moment",
      action: onAgent('mirror-push', { server, compareContents, liveTimeline, newestCommit }),
    };
    const vault: Step = {
      name: 'vault',
      title: 'Put what a new host needs besides into the vault: configuration, packages, roles',
      // A damaged version is not mended but followed by another.
      action: onAgent('mirror-vault', { server, anew: compareContents }),
    };
    if (!check) return [push, vault];
    return [
      {
        name: 'check-mirror',
        title: 'Compare what the box holds with the hashes of what was sent',
        action: onAgent('mirror-check', { server, sampleMax }),
      },
      // What is missing is sent again by it, before anybody is told.
      push,
      vault,
      {
        name: 'judge-mirror',
        title: 'Find no damage',
        action: { on: 'api', op: 'judge-mirror', params: null },
      },
    ];
  },
};
