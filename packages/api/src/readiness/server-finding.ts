import { z } from 'zod';

/** Everything that is watched about a server: a closed list. */
export const serverFindingCodes = [
  'agent-lost',
  'live-down',
  'backup-none',
  'backup-old',
  'drill-never',
  'drill-overdue',
  'drill-failed',
  'restore-too-slow',
  'restore-slower',
  'rpo-exceeded',
  'slot-retains',
  'mirror-old',
  'mirror-failed',
] as const;

export const serverFindingSchema = z
  .strictObject({
    code: z.enum(serverFindingCodes),
    severity: z.enum(['critical', 'warning']),
    title: z.string(),
    detail: z.string(),
    remedy: z.string(),
  })
  .meta({ id: 'ServerFinding' });

/** Something that would hurt when the server has to be restored. */
export type ServerFinding = z.infer<typeof serverFindingSchema>;
