import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

/** What an agent works on under a name. */
export const serverKinds = ['database', 'provisioner'] as const;
export type ServerKind = (typeof serverKinds)[number];

/** The newest number that the agent has issued for a server, and to which plan. */
export const fenceFactsSchema = z.strictObject({ fence: z.int(), plan: z.string().nullable() });

/** Who answers, and which plan it has given the server to; costs a file, whatever the server is. */
export const agentFacts = defineContract({
  class: 'R',
  limitMs: minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    agentVersion: z.string(),
    kind: z.enum(serverKinds),
    fence: fenceFactsSchema,
  }),
});
