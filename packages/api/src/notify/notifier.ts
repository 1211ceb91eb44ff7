import { setTimeout as delay } from 'node:timers/promises';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { Database } from '../db/database.ts';
import { write } from '../db/write.ts';
import type { Log } from '../engine/engine-deps.ts';
import type { Integrations } from '../integrations/integrations.ts';
import type { Channel } from './channel-config.ts';
import { deliver } from './deliver.ts';
import {
  disable,
  enqueueNew,
  forgetOld,
  isDisabled,
  nextDelivery,
  recordDelivered,
  recordFailed,
  type Delivery,
} from './delivery-store.ts';

export interface NotifierDeps {
  readonly database: Database;
  readonly integrations: Integrations;
  readonly log: Log;
  readonly channels: readonly Channel[];
  /** Between two looks at the log and the queues. */
  readonly everyMs: number;
  /** Seconds before each try after the first; when they are used up, a message is given up. */
  readonly retrySeconds?: readonly number[];
  /** How long a receiver may take to answer. */
  readonly limitMs?: number;
}

export interface Notifier {
  start(): void;
  stop(): Promise<void>;
}

/** About a day, as Standard Webhooks 1.0 recommends, with more of it at the beginning: most of what is told is told in an incident. */
const usualRetrySeconds = [5, 30, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];
const forgetEveryMicros = 3_600_000_000;
const usualLimitMs = 15_000;
const retryAfterMaxMs = 3_600_000;

/** Tells what happened; no run waits for it, and a receiver that hangs keeps no other from hearing. */
export function createNotifier(deps: NotifierDeps): Notifier {
  const stopping = new AbortController();
  const { signal } = stopping;
  let loops: readonly Promise<void>[] = [];

  async function readLog(): Promise<void> {
    const { database, channels, integrations } = deps;
    let forgottenAt: Micros = 0;
    while (!signal.aborted) {
      const now = integrations.clock.now();
      const more = enqueueNew(database, channels, now);
      if (now - forgottenAt > forgetEveryMicros) {
        write(database, (tx) => forgetOld(tx, now));
        forgottenAt = now;
      }
      await pause(more ? 0 : deps.everyMs, signal);
    }
  }

  async function serve(channel: Channel): Promise<void> {
    while (!signal.aborted) {
      const now = deps.integrations.clock.now();
      const next = isDisabled(deps.database.orm, channel) ? undefined : nextDelivery(deps.database.orm, channel, now);
      if (next === undefined) await pause(deps.everyMs, signal);
      else await tryOnce(deps, { channel, delivery: next, signal });
    }
  }

  const guarded = async (work: () => Promise<void>): Promise<void> => {
    while (!signal.aborted) {
      await work().catch((error: unknown) => {
        if (!signal.aborted) deps.log.error({ error }, 'telling what happened met a defect, and begins again');
      });
      await pause(deps.everyMs, signal);
    }
  };

  return {
    start() {
      loops = [guarded(readLog), ...deps.channels.map((channel) => guarded(() => serve(channel)))];
    },
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

interface Try {
  readonly channel: Channel;
  readonly delivery: Delivery;
  readonly signal: AbortSignal;
}

async function tryOnce(deps: NotifierDeps, { channel, delivery, signal }: Try): Promise<void> {
  const { database, integrations, log } = deps;
  const answer = await deliver(integrations, {
    channel,
    sending: delivery,
    limitMs: deps.limitMs ?? usualLimitMs,
    signal,
  });
  const at = integrations.clock.now();
  if (answer.is === 'delivered') return write(database, (tx) => recordDelivered(tx, delivery, at));
  if (answer.is === 'gone') {
    log.warn({ channel: channel.name }, 'a channel said 410 and is disabled');
    return write(database, (tx) => disable(tx, channel, { at, reason: 'it said 410 Gone' }));
  }
  const seconds = (deps.retrySeconds ?? usualRetrySeconds)[delivery.tries];
  const waitMs =
    seconds === undefined ? null : Math.max(seconds * 1000, Math.min(answer.retryAfterMs ?? 0, retryAfterMaxMs));
  const nextAt = waitMs === null ? null : at + waitMs * 1000;
  log.warn(
    { channel: channel.name, message: delivery.id, error: answer.error, givenUp: nextAt === null },
    'cannot tell it',
  );
  write(database, (tx) => recordFailed(tx, delivery, { error: answer.error, nextAt }));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
