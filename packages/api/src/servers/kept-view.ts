import { keptSchema } from '@barback/shared/operations/kept.ts';
import { z } from 'zod';

const instant = z.string().meta({ description: 'RFC 3339 UTC' });

/** Directories that were taken from the live path and are still there. */
export const keptListSchema = z
  .strictObject({
    server: z.string(),
    kept: z.array(
      keptSchema.extend({
        keptAt: instant,
        /** By the server's `keepDays`: a warning from then on, nothing else. */
        keepUntil: instant,
      }),
    ),
    warnings: z.array(z.string()),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'KeptList' });

export type KeptList = z.infer<typeof keptListSchema>;
