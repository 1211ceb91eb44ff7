import { collectionNameSchema } from '@barback/shared/operations/postman.ts';
import { probeSchema } from '@barback/shared/operations/scratch-probe.ts';
import { serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { z } from 'zod';
import { integrationNameSchema, uniqueNames } from './application-settings.ts';
import { jsonPathPattern } from './smoke/json-path.ts';

const smokeUrl = z
  .string()
  .max(2048)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, username, password } = new URL(text);
    return /^https?:$/.test(protocol) && username === '' && password === '';
  }, 'expected an http or https URL without user and password');

const httpSmokeSchema = z
  .strictObject({
    kind: z.literal('http'),
    name: integrationNameSchema,
    url: smokeUrl,
    method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
    expectStatus: z.int().min(200).max(599).default(200),
    /** Where in the JSON answer `equals` is expected: `$.status`, `$.parts[0].up`. */
    jsonPath: z
      .string()
      .max(200)
      .regex(jsonPathPattern, 'expected a path such as $.status or $.parts[0].up')
      .optional(),
    equals: z.union([z.string().max(200), z.number(), z.boolean(), z.null()]).optional(),
    deadlineSeconds: z.int().min(1).max(900).default(60),
  })
  .refine((check) => check.equals === undefined || check.jsonPath !== undefined, {
    path: ['jsonPath'],
    message: 'expected beside equals: it says what is compared',
  })
  .refine((check) => check.jsonPath === undefined || check.method !== 'HEAD', {
    path: ['method'],
    message: 'expected GET or POST beside jsonPath: HEAD has no body',
  });

const sqlSmokeSchema = probeSchema
  .extend({ kind: z.literal('sql'), name: integrationNameSchema })
  .meta({ id: 'SqlSmoke' });

/** A Postman collection, run by an agent that is not on the host of the database. */
const postmanSmokeSchema = z.strictObject({
  kind: z.literal('postman'),
  name: integrationNameSchema,
  /** Whose agent runs it: a provisioner, or any server of another host. */
  runner: serverNameSchema,
  /** In that agent's configuration. */
  collection: collectionNameSchema,
  /** How long it is tried again while requests get no answer. */
  deadlineSeconds: z.int().min(1).max(900).default(120),
});

/** What is asked of the application or the database once it is open again. */
const smokeCheckSchema = z
  .discriminatedUnion('kind', [httpSmokeSchema, sqlSmokeSchema, postmanSmokeSchema])
  .meta({ id: 'SmokeCheck' });

export type PostmanSmoke = z.infer<typeof postmanSmokeSchema>;
export type HttpSmoke = z.infer<typeof httpSmokeSchema>;

export const smokeSchema = z.array(smokeCheckSchema).max(32).superRefine(uniqueNames);
