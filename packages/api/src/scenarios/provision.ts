import { serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { durationMs, durationSchema } from './duration.ts';
import type { Scenario } from './scenario.ts';
import { gateStep } from './gate-step.ts';
import { onAgent, type Step } from './step.ts';

export const provisionOptionsSchema = z
  .strictObject({
    /** The server with a database whose host is made anew. */
    replaces: serverNameSchema,
    /** No program makes the host: the run asks a person to, and waits for its agent. */
    byHand: z.boolean().default(false),
    /** How long the agent of the new host may take to enrol; by hand, how long a person may take as well. */
    enrolWithin: durationSchema.default('2h'),
    /** Findings of severity `confirm` that the operator has read, by code. */
    acknowledge: z.array(z.string().max(64)).max(32).default([]),
  })
  .meta({ id: 'ProvisionOptions' });

export interface ProvisionFacts {
  readonly server: string;
  /** Of what was planned; null: by hand. */
  readonly digest: string | null;
  /** Thumbprint-bearing key of the agent that has the server until then, as the record has it. */
  readonly agentKey: string;
}

/** Makes a host for a lost server, exactly as it was planned, shown and approved, or has a person make it; ends when its new agent has enrolled. */
export const provision: Scenario<typeof provisionOptionsSchema, ProvisionFacts> = {
  name: 'provision',
  title: 'Provision a host',
  touches: 'copy',
  undo: 'not by Barback: what was made is taken away by whoever made it, Terraform or a person',
  options: provisionOptionsSchema,
  steps({ replaces, enrolWithin }, { server, digest, agentKey }) {
    const withinMs = durationMs(enrolWithin);
    const params = { server: replaces, otherThan: agentKey, withinMs };
    const enrolled: Step = {
      name: 'enrolled',
      title: `Wait until the new agent of ${replaces} has enrolled and answers`,
      action: { on: 'api', op: 'agent-enrolled', params },
    };
    if (digest === null) return [byHandStep(replaces, withinMs), enrolled];
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
      enrolled,
    ];
  },
};

function byHandStep(replaces: string, deadlineMs: number): Step {
  return gateStep('make-host', {
    title: `Wait for a person who makes the host of ${replaces}`,
    ask: `Make a host for ${replaces} as docs/disaster-recovery.md has it under "The new database host": PostgreSQL and Barman of the versions in packages.txt of the vault, an empty cluster, Barman configured for it; install barback-agent, put agent.yaml of the vault in its place with the addresses of this host, and enrol it with a token of "barback-api servers token ${replaces}". Or let deploy/agent/cloud-init.yaml do it. Answer made when that is under way: the run waits for the new agent.`,
    choices: ['made', 'cancel'],
    deadlineMs,
  });
}
