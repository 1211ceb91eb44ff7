import { keptDatabaseSchema } from '@barback/shared/operations/database.ts';
import { keptSchema } from '@barback/shared/operations/kept.ts';
import { z } from 'zod';

const instant = z.string().meta({ description: 'RFC 3339 UTC' });

const kept = {
  keptAt: instant,
  /** By the server's `keepDays`: a warning from then on, nothing else. */
  keepUntil: instant,
};

/** What runs took away from where it was live, and is still there. */
export const keptListSchema = z
  .strictObject({
    server: z.string(),
    kept: z.array(keptSchema.extend(kept)),
    /** Databases that imports have replaced, under another name. */
    databases: z.array(keptDatabaseSchema.extend(kept)),
    warnings: z.array(z.string()),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'KeptList' });

export type KeptList = z.infer<typeof keptListSchema>;
