import { z } from 'zod';
import { parseInstant, type Micros } from './instant.ts';

/** Where recovery stops, as an operator writes it. */
export const targetSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('immediate') }),
    z.strictObject({ type: z.literal('latest') }),
    z.strictObject({
      type: z.literal('time'),
      time: z.string().superRefine((text, context) => {
        const parsed = parseInstant(text);
        if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.reason });
      }),
    }),
  ])
  .meta({ id: 'Target' });

export type Target = z.infer<typeof targetSchema>;

/** Where recovery stops, as the agent executes it: instants are exact and zoneless. */
export const recoveryTargetSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('immediate') }),
  z.strictObject({ type: z.literal('latest') }),
  z.strictObject({ type: z.literal('time'), micros: z.int().nonnegative() }),
]);

export type RecoveryTarget = z.infer<typeof recoveryTargetSchema>;

/** The target with its instant in microseconds; the text has been validated by the schema. */
export function toRecoveryTarget(target: Target): RecoveryTarget {
  if (target.type !== 'time') return target;
  const parsed = parseInstant(target.time);
  if (!parsed.ok) throw new Error(`cannot use the target time: ${parsed.reason}`);
  return { type: 'time', micros: parsed.micros satisfies Micros };
}
