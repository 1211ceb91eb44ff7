import { z } from 'zod';
import { protectionBasisSchema } from './protection-basis.ts';

/** What a plan that replaces live relies on besides WAL: it must still be so when the run has come to the point of stopping live. */
export const cutoverBasisSchema = z
  .strictObject({
    protection: protectionBasisSchema,
    /** The directory at the live path; null when there was none. */
    dataDirectory: z.strictObject({ device: z.string(), inode: z.string() }).nullable(),
    service: z.string().nullable(),
    hbaFile: z.string().nullable(),
  })
  .meta({ id: 'CutoverBasis' });

export type CutoverBasis = z.infer<typeof cutoverBasisSchema>;
