import { serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { durationMs, durationSchema } from './duration.ts';
import type { Scenario } from './scenario.ts';
import { onAgent } from './step.ts';

export const provisionOptionsSchema = z
  .strictObject({
    /** The server with a database whose host is made anew. */
    replaces: serverNameSchema,
    /** How long the agent of the new host may take to enrol. */
    enrolWithin: durationSchema.default('2h'),
    /** Findings of severity `confirm` that the operator has read, by code. */
    acknowledge: z.array(z.string().max(64)).max(32).default([]),
  })
  .meta({ id: 'ProvisionOptions' });

export interface ProvisionFacts {
  readonly server: string;
  readonly digest: string;
  /** Thumbprint-bearing key of the agent that has the server until then, as the record has it. */
  readonly agentKey: string;
}

/** Makes a host for a lost server: exactly what was planned, shown and approved, until its new agent has enrolled. */
export const provision: Scenario<typeof provisionOptionsSchema, ProvisionFacts> = {
  name: 'provision',
  title: 'Provision a host',
  touches: 'copy',
  undo: 'not by Barback: what was made is in the state of Terraform, and taken away with it',
  options: provisionOptionsSchema,
  steps({ replaces, enrolWithin }, { server, digest, agentKey }) {
    return [
      {
        name: 'plan',
        title: 'Plan under the lock of the state, and compare with what was approved',
        action: onAgent('provision-plan', { server, digest }),
        inverse: {
          when: 'always',
          name: 'discard-plan',
          title: "Delete the plan's file",
          action: onAgent('provision-discard', { server }),
        },
      },
      {
        name: 'apply',
        title: 'Apply exactly that file',
        action: onAgent('provision-apply', { server, digest }),
        commits: true,
      },
      { name: 'outputs', title: 'Read the outputs', action: onAgent('provision-outputs', { server }) },
      {
        name: 'enrolled',
        title: `Wait until the new agent of ${replaces} has enrolled and answers`,
        action: {
          on: 'api',
          op: 'agent-enrolled',
          params: { server: replaces, otherThan: agentKey, withinMs: durationMs(enrolWithin) },
        },
      },
    ];
  },
};
