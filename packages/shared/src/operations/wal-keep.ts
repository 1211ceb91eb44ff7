import { z } from 'zod';
import { lsnPattern } from '../postgres/lsn.ts';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, hourMs, minuteMs } from './contract.ts';

const keptWalSchema = z.strictObject({
  /** Below Barman's directory of the server. */
  directory: z.string(),
  /** Files that no other place of Barman held whole when they were copied; `.partial` where WAL may end. */
  segments: z.array(z.string()),
  histories: z.array(z.string()),
  bytes: z.int(),
});

/**
 * Makes every commit until now recoverable for good: a marker, a restore point, a WAL switch, and a copy of what Barman does not
 * archive in time. While live is down, a copy of all that Barman lacks.
 */
export const futureProtect = defineContract({
  class: 'A',
  limitMs: 30 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    /** Null, as the next three, while live does not answer. */
    restorePoint: z.string().nullable(),
    lsn: z.string().regex(lsnPattern).nullable(),
    timeline: z.int().nullable(),
    /** The segment that was closed, and whether Barman had archived it in the end. */
    segment: z.string().nullable(),
    archived: z.boolean(),
    kept: keptWalSchema,
  }),
});

/**
 * After live has stopped: copies the WAL that only its pg_wal holds, and sets Barman's `streaming/` aside, where a file of a branch
 * that was given up keeps receive-wal from starting.
 */
export const walTailSave = defineContract({
  class: 'A',
  limitMs: hourMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    kept: keptWalSchema,
    /** Files taken from `streaming/`. */
    setAside: z.array(z.string()),
    seconds: z.number(),
  }),
});

/** Waits until Barman has archived the history and a first segment of live's timeline. */
export const timelineArchived = defineContract({
  class: 'A',
  limitMs: 30 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    timeline: z.int(),
    /** Null on timeline 1, which has none. */
    history: z.string().nullable(),
    segment: z.string(),
    seconds: z.number(),
  }),
});

/** Runs `barman check` until no check fails; those named are tolerated. */
export const checkPassed = defineContract({
  class: 'A',
  limitMs: 15 * minuteMs,
  onCancel: 'stop',
  params: z.strictObject({ server: serverNameSchema, tolerate: z.array(z.string().max(64)).max(16) }),
  result: z.strictObject({
    checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), hint: z.string() })),
    seconds: z.number(),
  }),
});

/** Makes Barman's slot on live reserve WAL from now on; one of an earlier life of live is dropped first. */
export const slotRenew = defineContract({
  class: 'I',
  limitMs: 3 * minuteMs,
  onCancel: 'finish',
  params: z.strictObject({ server: serverNameSchema }),
  result: z.strictObject({
    /** Null when Barman streams without a slot, or does not stream. */
    slot: z.string().nullable(),
    restartLsn: z.string().regex(lsnPattern).nullable(),
  }),
});
