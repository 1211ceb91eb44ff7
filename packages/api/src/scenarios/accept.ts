import type { Kept } from '@barback/shared/operations/kept.ts';
import { z } from 'zod';
import type { Scenario } from './scenario.ts';
import { onAgent } from './step.ts';

export const acceptOptionsSchema = z
  .strictObject({
    /** Findings of severity `confirm` that the operator has read, by code. */
    acknowledge: z.array(z.string().max(64)).max(32).default([]),
  })
  .meta({ id: 'AcceptOptions' });

export interface AcceptFacts {
  readonly server: string;
  readonly kept: Kept;
}

/** Ends the keep of the directory that a run took from the live path: its space is free, and there is no undo any more. */
export const accept: Scenario<typeof acceptOptionsSchema, AcceptFacts> = {
  name: 'accept',
  title: 'Accept',
  touches: 'copy',
  undo: 'cannot be taken back: the directory that was live is deleted; what Barman holds stays',
  options: acceptOptionsSchema,
  steps(_options, { server, kept }) {
    return [
      {
        name: 'discard-kept',
        title: `Delete ${kept.path}`,
        action: onAgent('kept-discard', { server, plan: kept.plan }),
      },
    ];
  },
};
