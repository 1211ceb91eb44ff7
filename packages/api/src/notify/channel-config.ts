import { serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { integrationNameSchema, peerUrl, uniqueNames } from '../integrations/application-settings.ts';
import { secretNameSchema } from '../integrations/secrets.ts';

/** Everything that is told: a closed list. */
export const messageTypes = [
  'run.started',
  'run.waiting',
  'run.needs-operator',
  'run.succeeded',
  'run.failed',
  'run.cancelled',
  'schedule.missed',
  'schedule.refused',
  'finding.raised',
  'finding.cleared',
  'database.copy-failed',
  'database.copy-recovered',
  'test',
] as const;

export type MessageType = (typeof messageTypes)[number];

const common = {
  name: integrationNameSchema,
  /** Servers that it hears of; all of them when left out. */
  servers: z.array(serverNameSchema).min(1).optional(),
  /** What it hears; everything when left out. */
  types: z.array(z.enum(messageTypes)).min(1).optional(),
};

const webhookSchema = z.strictObject({
  kind: z.literal('webhook'),
  ...common,
  url: peerUrl('path'),
  /** Names the signing secret, `whsec_` and base64, of Standard Webhooks. */
  secret: secretNameSchema,
});

/** Slack, Mattermost, Rocket.Chat, Discord (`/slack`): the address is the secret. */
const slackSchema = z.strictObject({ kind: z.literal('slack'), ...common, urlSecret: secretNameSchema });

const ntfySchema = z.strictObject({
  kind: z.literal('ntfy'),
  ...common,
  /** With the topic. */
  url: peerUrl('path'),
  /** Names an access token. */
  secret: secretNameSchema.optional(),
});

/** Pinged by the drills of its servers alone: begun, succeeded, failed. The address is the secret. */
const healthchecksSchema = z.strictObject({
  kind: z.literal('healthchecks'),
  ...common,
  types: z.undefined().optional(),
  urlSecret: secretNameSchema,
});

const channelSchema = z.discriminatedUnion('kind', [webhookSchema, slackSchema, ntfySchema, healthchecksSchema]);

export const channelsSchema = z.array(channelSchema).max(32).superRefine(uniqueNames);

/** Where something is told. */
export type Channel = z.output<typeof channelSchema>;
