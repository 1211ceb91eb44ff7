import { readFileSync } from 'node:fs';
import { absolutePathSchema } from '@barback/shared/wire/absolute-path.ts';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { secretNameSchema } from './integrations/secrets.ts';
import { channelsSchema } from './notify/channel-config.ts';
import { offsiteSchema } from './offsite/offsite-config.ts';

const loopback = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

const listenSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    /** 0 lets the system choose; the first line of output names it. */
    port: z.int().min(0).max(65_535),
    tls: z.strictObject({ certificateFile: absolutePathSchema, keyFile: absolutePathSchema }).optional(),
  })
  .refine((listen) => listen.tls !== undefined || loopback.test(listen.host), {
    path: ['tls'],
    message: 'keys would cross the network in the clear: add tls, or listen on 127.0.0.1',
  });

export const apiConfigSchema = z.strictObject({
  /** `iss` of tokens; when left out, the one that `init` chose beside the signing key. */
  instanceId: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .optional(),
  database: absolutePathSchema,
  /** JWK with the api's private Ed25519 key, 0600; `init` makes it. */
  signingKeyFile: absolutePathSchema,
  listen: listenSchema,
  /** How long a plan may be started after it was made. */
  planHours: z.number().positive().max(168).default(4),
  /** Pause between two looks at the WAL of each server; 0: only when somebody asks. */
  indexSeconds: z.number().min(0).max(3_600).default(15),
  /** What the settings of servers name: each in a file of its own, 0600, read when it is used. */
  secrets: z.record(secretNameSchema, absolutePathSchema).default({}),
  /** Where people are told what happens. */
  notify: channelsSchema.default([]),
  /** Where copies of the database go; left out, there are none. */
  mirror: offsiteSchema.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export type ApiConfig = z.infer<typeof apiConfigSchema>;

/** Parses the configuration text strictly; on failure throws one Error that lists every problem with its place. */
export function parseApiConfig(text: string, file: string): ApiConfig {
  const document = parseDocument(text, { strict: true, uniqueKeys: true });
  const syntax = [...document.errors, ...document.warnings].map((error) => error.message.split('\n')[0] ?? '');
  if (syntax.length > 0) throw new Error(configMessage(file, syntax));
  const parsed = apiConfigSchema.safeParse(plainValue(document, file));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(top)'}: ${issue.message}`);
  throw new Error(configMessage(file, problems));
}

/** Aliases are refused: a small file could grow into a huge value. */
function plainValue(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new Error(configMessage(file, [error instanceof Error ? error.message : String(error)]), { cause: error });
  }
}

export function readApiConfig(file: string): ApiConfig {
  return parseApiConfig(readFileSync(file, 'utf8'), file);
}

function configMessage(file: string, problems: readonly string[]): string {
  return `cannot use the configuration ${file}:\n${problems.map((one) => `  - ${one}`).join('\n')}`;
}
