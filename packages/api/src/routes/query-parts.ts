import { instantOf, timeSchema } from '@barback/shared/postgres/target.ts';
import { z } from 'zod';

/** An instant in a query, as microseconds. */
export const instantQuery = timeSchema.transform(instantOf).meta({ description: 'RFC 3339 with offset' });

/** A whole number in a query. */
export function numberQuery(min: number, max: number) {
  const expected = `expected a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected);
}
