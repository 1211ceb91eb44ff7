import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs, minuteMs } from './contract.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const ofServer = z.strictObject({ server: serverNameSchema });

const changeSchema = z.strictObject({
  address: z.string(),
  type: z.string(),
  /** As Terraform names them: `create`, `update`, `delete`; `delete` and `create` together replace. */
  actions: z.array(z.string()),
  /** Why it must not be done; null: it may. */
  refused: z.string().nullable(),
});

export type ProvisionChange = z.infer<typeof changeSchema>;

const plannedSchema = z.strictObject({
  program: z.strictObject({ name: z.enum(['Terraform', 'OpenTofu']), version: z.string() }),
  /** Of every change to resources and outputs, values included; what another plan must agree with to be the same. */
  digest: sha256,
  /** What changes; at most 500. */
  changes: z.array(changeSchema),
  /** As the program shows it to people, sensitive values masked; at most 60 000 characters. */
  text: z.string(),
});

/** What Terraform would change now, without taking its lock; nothing is kept. */
export const provisionLook = defineContract({
  class: 'R',
  limitMs: 15 * minuteMs,
  onCancel: 'stop',
  params: ofServer,
  result: plannedSchema.extend({
    /** Addresses of resources that the provider has no more, as Terraform's refresh found. */
    gone: z.array(z.string()),
  }),
});

/** Whether the sshd of a server's host answers: by its host key, without logging in. Nothing is changed. */
export const hostReach = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: ofServer.extend({ host: serverNameSchema }),
  result: z.strictObject({
    /** `other`: at its address something answers that has another key. Null: the agent's configuration does not know the host. */
    ssh: z.enum(['same', 'other', 'silent']).nullable(),
  }),
});

/** Plans to a file under the lock, and refuses one that is not what was looked at, or that the policy forbids. */
export const provisionPlan = defineContract({
  class: 'A',
  limitMs: hourMs,
  onCancel: 'stop',
  params: ofServer.extend({ digest: sha256 }),
  result: plannedSchema.pick({ digest: true, program: true }).extend({
    /** Of the file: what is applied is exactly this. */
    file: sha256,
    changes: z.int(),
  }),
});

/** Applies exactly the file that this plan has made. */
export const provisionApply = defineContract({
  class: 'D',
  limitMs: 12 * hourMs,
  onCancel: 'finish',
  params: ofServer.extend({ digest: sha256 }),
  result: z.strictObject({
    added: z.int(),
    changed: z.int(),
    destroyed: z.int(),
    seconds: z.number(),
  }),
});

/** Reads the outputs that the configuration names; sensitive ones stay where they are. */
export const provisionOutputs = defineContract({
  class: 'R',
  limitMs: 10 * minuteMs,
  onCancel: 'stop',
  params: ofServer,
  result: z.strictObject({
    outputs: z.array(z.strictObject({ name: z.string(), value: z.string().max(4_096).nullable() })),
  }),
});

/** Deletes the plan's file: it holds the values of variables. */
export const provisionDiscard = defineContract({
  class: 'D',
  limitMs: 10 * minuteMs,
  onCancel: 'finish',
  params: ofServer,
  result: z.strictObject({ existed: z.boolean() }),
});
