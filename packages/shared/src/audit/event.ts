import { z } from 'zod';
import { jsonSchema } from '../wire/json.ts';

/** Everything that is recorded: noun, past tense; a closed list. */
export const eventTypes = [
  'log.opened',
  'key.created',
  'key.revoked',
  'server.added',
  'server.changed',
  'server.settings-changed',
  'server.finding-raised',
  'server.finding-cleared',
  'request.refused',
  'plan.created',
  'plan.approved',
  'run.created',
  'run.started',
  'run.cancel-requested',
  'run.halted',
  'run.resumed',
  'run.finished',
  'fence.claimed',
  'step.intended',
  'step.succeeded',
  'step.failed',
  'step.cancelled',
  'step.unknown',
  'step.observed',
  'gate.opened',
  'gate.decided',
  'schedule.created',
  'schedule.changed',
  'schedule.removed',
  'schedule.due',
  'schedule.missed',
  'schedule.delayed',
  'schedule.started',
  'schedule.refused',
  'database.copy-failed',
  'database.copy-recovered',
  'channel.disabled',
  'channel.enabled',
  'agent.clock-offset',
  'agent.receipt-refused',
  'wal.hole-found',
  'wal.hole-closed',
  'wal.index-reset',
] as const;

export type EventType = (typeof eventTypes)[number];

/** One entry of the append-only log; its bytes are JSON.stringify of exactly this, made once. */
export const eventSchema = z.strictObject({
  v: z.literal(1),
  /** Identity of the log, chosen at its first event. */
  log: z.string(),
  seq: z.int().nonnegative(),
  /** RFC 3339 UTC with microseconds. */
  at: z.string(),
  type: z.enum(eventTypes),
  actor: z.strictObject({ kind: z.enum(['key', 'engine', 'cli', 'stranger', 'schedule']), id: z.string() }),
  server: z.string().nullable(),
  plan: z.string().nullable(),
  run: z.string().nullable(),
  step: z.string().nullable(),
  attempt: z.int().nullable(),
  data: jsonSchema,
  /** Hex of the RFC 6962 leaf hash of the previous event's bytes; 64 zeros for the first. */
  prev: z.string().regex(/^[0-9a-f]{64}$/),
});

export type AuditEvent = z.infer<typeof eventSchema>;
