import { z } from 'zod';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Any JSON value that came out of a JSON parser. */
export const jsonSchema: z.ZodType<Json> = z.json();
