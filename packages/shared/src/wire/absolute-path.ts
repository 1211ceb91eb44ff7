import { z } from 'zod';

/** In a configuration; the alphabet needs no quoting anywhere. */
export const absolutePathSchema = z
  .string()
  .regex(/^\/[A-Za-z0-9._/+@:-]*$/, 'write an absolute path of letters, digits and . _ / + @ : -')
  .refine((path) => !path.split('/').includes('..'), 'write the path without ".."');
