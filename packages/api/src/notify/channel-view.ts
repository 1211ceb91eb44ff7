import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import type { Reader } from '../db/database.ts';
import type { Channel } from './channel-config.ts';
import { disabledOf, newestDeliveries, type Delivery } from './delivery-store.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.123456Z' });

const deliverySchema = z
  .strictObject({
    id: z.string(),
    type: z.string(),
    server: z.string().nullable(),
    /** `failed`: given up; `dropped`: the channel was disabled. */
    state: z.enum(['pending', 'delivered', 'failed', 'dropped']),
    tries: z.int(),
    createdAt: instant,
    deliveredAt: instant.nullable(),
    nextTryAt: instant.nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'Delivery' });

/** Without its address and secrets. */
export const channelViewSchema = z
  .strictObject({
    name: z.string(),
    kind: z.string(),
    servers: z.array(z.string()).nullable(),
    types: z.array(z.string()).nullable(),
    /** Since when and why nothing is sent there. */
    disabled: z.strictObject({ at: instant, reason: z.string() }).nullable(),
    /** Newest first. */
    deliveries: z.array(deliverySchema),
  })
  .meta({ id: 'Channel' });

export type ChannelView = z.infer<typeof channelViewSchema>;

export function channelView(reader: Reader, channel: Channel, limit: number): ChannelView {
  const disabled = disabledOf(reader, channel);
  return {
    name: channel.name,
    kind: channel.kind,
    servers: channel.servers ?? null,
    types: channel.types ?? null,
    disabled: disabled && { at: formatInstant(disabled.at), reason: disabled.reason },
    deliveries: newestDeliveries(reader, channel.name, limit).map(deliveryView),
  };
}

export function channelNamed(channels: readonly Channel[], name: string): Channel {
  const channel = channels.find((one) => one.name === name);
  if (channel) return channel;
  throw new ProblemError('not-found', `The configuration of the api has no channel ${name}`, {
    next: 'List them: GET /v1/channels',
  });
}

function deliveryView(one: Delivery): ChannelView['deliveries'][number] {
  const { id, type, server, state, tries, error } = one;
  return {
    id,
    type,
    server,
    state,
    tries,
    createdAt: formatInstant(one.createdAt),
    deliveredAt: one.deliveredAt === null ? null : formatInstant(one.deliveredAt),
    nextTryAt: state === 'pending' ? formatInstant(one.nextAt) : null,
    error,
  };
}
