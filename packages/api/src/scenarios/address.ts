import { z } from 'zod';

/** Where applications reach a database. */
export const addressSchema = z
  .strictObject({
    host: z
      .string()
      .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'expected a host name or an IPv4 address'),
    /** Left out: the former one. */
    port: z.int().min(1).max(65_535).optional(),
  })
  .meta({ id: 'DatabaseAddress' });

export type DatabaseAddress = z.infer<typeof addressSchema>;
