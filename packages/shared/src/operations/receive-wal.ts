import { z } from 'zod';
import { serverNameSchema } from '../wire/identifiers.ts';
import { defineContract, minuteMs } from './contract.ts';

const params = z.strictObject({ server: serverNameSchema });

/** Stops Barman's receive-wal if it runs; `barman cron` of the host starts it again within a minute. */
export const receiveWalStop = defineContract({
  class: 'I',
  limitMs: 3 * minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({ wasRunning: z.boolean() }),
});

/** Lets receive-wal begin at live's current segment instead of where it stopped, which live may not have any more. */
export const receiveWalAlign = defineContract({
  class: 'I',
  limitMs: 3 * minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({
    /** Where it begins: WAL before this one that Barman has not got is given up. */
    segment: z.string(),
    /** The newest that Barman had received; null when there was none. */
    received: z.string().nullable(),
    /** False when it was aligned already. */
    changed: z.boolean(),
  }),
});

/** Starts receive-wal as `barman cron` does, and waits until live streams to it. */
export const receiveWalStart = defineContract({
  class: 'I',
  limitMs: 5 * minuteMs,
  onCancel: 'finish',
  params,
  result: z.strictObject({ wasRunning: z.boolean() }),
});
