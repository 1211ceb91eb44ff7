import { z } from 'zod';

/** What PostgreSQL accepts as the name of a replication slot (slot.c, ReplicationSlotValidateName). */
export const slotNameSchema = z
  .string()
  .regex(/^[a-z0-9_]{1,63}$/, 'expected the name of a replication slot: a-z, 0-9 and _');
