import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { z } from 'zod';
import { write } from '../db/write.ts';
import { channelNamed, channelView, channelViewSchema, type ChannelView } from '../notify/channel-view.ts';
import { enable, enqueue } from '../notify/delivery-store.ts';
import { renderChannels } from '../render/render-channels.ts';
import { defineRoute } from './route.ts';
import { limitSchema, noParams, noQuery } from './schemas.ts';

const channelList = z.strictObject({ channels: z.array(channelViewSchema) }).meta({ id: 'Channels' });
const channelParams = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
    .max(31),
});
const shown = 20;
const one = (channel: ChannelView, now: number): string => renderChannels({ channels: [channel] }, now);

const list = defineRoute({
  method: 'get',
  path: '/v1/channels',
  operationId: 'listChannels',
  summary: 'Where people are told what happens, with what was delivered and what was not',
  needs: 'administer',
  params: noParams,
  query: z.strictObject({ limit: limitSchema }),
  body: null,
  answers: { 200: { description: 'The channels of the configuration', schema: channelList } },
  text: renderChannels,
  handle: ({ query }, { database, channels }) => ({
    status: 200,
    view: { channels: channels.map((channel) => channelView(database.orm, channel, query.limit)) },
  }),
});

const test = defineRoute({
  method: 'post',
  path: '/v1/channels/{name}/test',
  operationId: 'testChannel',
  summary: 'Send a test message; whether it arrived is seen at GET /v1/channels',
  needs: 'administer',
  params: channelParams,
  query: noQuery,
  body: null,
  answers: { 202: { description: 'The channel', schema: channelViewSchema } },
  text: one,
  handle({ params }, { database, channels, clock }) {
    const channel = channelNamed(channels, params.name);
    const at = clock.now();
    const told = { server: null, liveDatabase: null, run: null, scenario: null, links: {}, urgent: false };
    const data = { ...told, title: 'Barback: a test', text: 'Whoever reads this hears of what happens.' };
    const message = { type: 'test', timestamp: formatInstant(at), data } as const;
    write(database, (tx) => enqueue(tx, channel, { message, event: null, at }));
    return { status: 202, view: channelView(database.orm, channel, shown) };
  },
});

const enableAgain = defineRoute({
  method: 'post',
  path: '/v1/channels/{name}/enable',
  operationId: 'enableChannel',
  summary: 'Send to a channel again that was disabled because it said 410',
  needs: 'administer',
  params: channelParams,
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The channel', schema: channelViewSchema } },
  text: one,
  handle({ params, actor }, { database, channels, clock }) {
    const channel = channelNamed(channels, params.name);
    write(database, (tx) => enable(tx, channel, { at: clock.now(), actor }));
    return { status: 200, view: channelView(database.orm, channel, shown) };
  },
});

export const channelRoutes = [list, test, enableAgain];
