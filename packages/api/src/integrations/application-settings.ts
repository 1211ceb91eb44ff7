import { poolerNameSchema, whenBusySchema } from '@barback/shared/operations/pooler.ts';
import { z } from 'zod';
import { secretNameSchema } from './secrets.ts';

/** Part of a run's step names, so of letters, digits and single hyphens. */
export const integrationNameSchema = z
  .string()
  .max(31)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'expected lower-case words of letters and digits, joined by hyphens');

/** This machine, as the host of a URL. */
export const loopback = /^(127(\.\d{1,3}){3}|\[::1\]|localhost)$/;

/** Where something secret is sent to: encrypted, or to this machine. What is secret is in no URL. */
export function peerUrl(where: 'origin' | 'path') {
  return z
    .string()
    .max(2048)
    .superRefine((text, context) => {
      const message = faultOf(text, where);
      if (message !== null) context.addIssue({ code: 'custom', message });
    });
}

function faultOf(text: string, where: 'origin' | 'path'): string | null {
  if (!URL.canParse(text)) return 'expected an absolute URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'expected a URL without user and password';
  if (url.search !== '' || url.hash !== '' || text.includes('?') || text.includes('#'))
    return 'expected a URL without a query or fragment: what is secret belongs into a secret of the configuration';
  if (where === 'origin' && url.pathname !== '/') return 'expected a URL without a path, such as https://host:port';
  if (url.protocol === 'https:') return null;
  if (url.protocol === 'http:' && loopback.test(url.hostname)) return null;
  return 'expected https: (http: only to this machine), because a secret is sent there';
}

const deadlineSchema = z.int().min(5).max(900);

const dokploySchema = z.strictObject({
  kind: z.literal('dokploy'),
  name: integrationNameSchema,
  /** Of Dokploy itself, without /api. */
  url: peerUrl('origin'),
  /** Names the API key (`x-api-key`), which needs no rate limit. */
  secret: secretNameSchema,
  /** As the address of the dashboard has it. */
  service: z.strictObject({
    type: z.enum(['application', 'compose']),
    id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected the id that the address of the dashboard has'),
  }),
  /** The database role that it connects as, for counting its sessions. */
  role: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/, 'expected the name of a database role')
    .nullable()
    .default(null),
  /** The variable of its environment that says where the database is: changed when that is on another host. */
  databaseVariable: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'expected the name of a variable')
    .optional(),
  /** How long its containers may take to end, and to run again. */
  deadlineSeconds: deadlineSchema.default(120),
});

const webhookSchema = z.strictObject({
  kind: z.literal('webhook'),
  name: integrationNameSchema,
  stopUrl: peerUrl('path'),
  startUrl: peerUrl('path'),
  /** Names the signing secret, `whsec_` and base64, of Standard Webhooks. */
  secret: secretNameSchema,
  /** How long 2xx may take, with all that is tried again in between. */
  deadlineSeconds: deadlineSchema.default(60),
});

const pgbouncerSchema = z.strictObject({
  kind: z.literal('pgbouncer'),
  name: integrationNameSchema,
  /** As the agent's configuration names it; the agent talks to it. */
  pooler: poolerNameSchema,
  /** How long transactions under way may take to end while their followers wait. */
  deadlineSeconds: z.int().min(1).max(900).default(10),
  whenBusy: whenBusySchema.default('give-up'),
});

const personSchema = z.strictObject({ kind: z.literal('person'), name: integrationNameSchema });

/** Something that writes to the database and is stopped while it is swapped. */
export const applicationSchema = z
  .discriminatedUnion('kind', [dokploySchema, webhookSchema, pgbouncerSchema, personSchema])
  .meta({ id: 'Application' });

export type Application = z.infer<typeof applicationSchema>;
export type DokployApplication = Extract<Application, { kind: 'dokploy' }>;
export type WebhookApplication = Extract<Application, { kind: 'webhook' }>;
/** One that the api stops and starts itself; PgBouncer is the agent's, a person's is a gate of the run. */
export type DrivenApplication = DokployApplication | WebhookApplication;

/** In the order in which they are stopped; they are started in the reverse one. */
export const applicationsSchema = z.array(applicationSchema).max(8).superRefine(uniqueNames);

/** Each name once: a run's steps, receipts and gates are told apart by it. */
export function uniqueNames(list: readonly { readonly name: string }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { name }] of list.entries()) {
    if (seen.has(name)) {
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `${name} is there twice` });
    }
    seen.add(name);
  }
}
