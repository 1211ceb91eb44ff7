import { z } from 'zod';
import { parseServerPart, type BarmanOutput } from './output.ts';

export type Keep = 'none' | 'full' | 'standalone';

const keepSchema = z.strictObject({
  keep_status: z.strictObject({ description: z.string(), message: z.enum(['nokeep', 'full', 'standalone']) }),
});

/** What `barman -f json keep --status` says: there is one annotation per backup, whoever set it. */
export function parseKeepStatus(output: BarmanOutput, server: string, version: string): Keep {
  const { message } = parseServerPart(output, server, keepSchema, version).keep_status;
  return message === 'nokeep' ? 'none' : message;
}
