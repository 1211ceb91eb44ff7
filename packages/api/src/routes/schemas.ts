import { idSchema, serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';

export const noParams = z.strictObject({});
export const noQuery = z.strictObject({});
export const idParams = z.strictObject({ id: idSchema });
export const serverParams = z.strictObject({ name: serverNameSchema });

/** A page's size in a query. */
export const limitSchema = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, 'expected a number from 1 to 1000')
  .transform(Number)
  .refine((limit) => limit <= 1000, 'expected a number from 1 to 1000')
  .default(50);
