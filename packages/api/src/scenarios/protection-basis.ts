import { slotFactsSchema } from '@barback/shared/operations/protection-facts.ts';
import { z } from 'zod';

/** How a server was protected when a plan was made that changes it; the slots themselves are looked at again as they are dropped. */
export const protectionBasisSchema = z
  .strictObject({
    systemIdentifier: z.string().nullable(),
    timeline: z.int().nullable(),
    streaming: z.boolean(),
    archiver: z.boolean(),
    /** Barman's slot; null when it streams without one, or does not stream. */
    slotName: z.string().nullable(),
  })
  .meta({ id: 'ProtectionBasis' });

export type ProtectionBasis = z.infer<typeof protectionBasisSchema>;

/** The slots of a plan as they were when it was made. */
export const plannedSlotsSchema = z
  .strictObject({
    /** Barman's; null when there is none, or none is configured. */
    barman: slotFactsSchema.nullable(),
    /** Those that `dropSlots` names. */
    others: z.array(slotFactsSchema),
  })
  .meta({ id: 'PlannedSlots' });

export type PlannedSlots = z.infer<typeof plannedSlotsSchema>;
