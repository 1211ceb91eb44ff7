import { z } from 'zod';

// Read at Dokploy 772b768 (v0.30.2). A row has about 100 columns, secrets among them: only these are kept, whatever else is there.

/** Dokploy's own label, not the state of containers; `running` means a deployment under way. */
const statusSchema = z.enum(['idle', 'running', 'done', 'error']);

/** Docker's ServiceSpec.Mode; as long as it is set, Dokploy ignores `replicas`. */
const modeSwarmSchema = z.record(z.string(), z.object({ Replicas: z.int().nonnegative().optional() }).nullable());

export const applicationRowSchema = z.object({
  applicationId: z.string(),
  appName: z.string().min(1),
  applicationStatus: statusSchema,
  replicas: z.int().nonnegative(),
  autoDeploy: z.boolean().nullable(),
  modeSwarm: modeSwarmSchema.nullish().transform((mode) => mode ?? null),
  serverId: z
    .string()
    .nullish()
    .transform((id) => id ?? null),
});

export type ApplicationRow = z.infer<typeof applicationRowSchema>;

export const composeRowSchema = z.object({
  composeId: z.string(),
  appName: z.string().min(1),
  composeStatus: statusSchema,
  composeType: z.enum(['docker-compose', 'stack']),
  autoDeploy: z.boolean().nullable(),
  serverId: z
    .string()
    .nullish()
    .transform((id) => id ?? null),
});

export type ComposeRow = z.infer<typeof composeRowSchema>;

/** All of it secret, and all of it sent back: a save replaces each field that it is given, and since 0.26.1 wants all five. */
export const environmentSchema = z.object({
  env: z.string().nullish().transform(orNull),
  buildArgs: z.string().nullish().transform(orNull),
  buildSecrets: z.string().nullish().transform(orNull),
  /** Not nullable when it is saved; on where a version does not have it. */
  createEnvFile: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
});

function orNull(value: string | null | undefined): string | null {
  return value ?? null;
}

export type Environment = z.infer<typeof environmentSchema>;

export const containersSchema = z.array(z.object({ containerId: z.string(), name: z.string(), state: z.string() }));

export type Container = z.infer<typeof containersSchema>[number];

export const versionSchema = z.string();

/** As tRPC-OpenAPI writes an error; the refusal of a key has only the message. */
export const errorSchema = z.object({
  message: z.string(),
  code: z.string().optional(),
  data: z
    .object({ zodError: z.object({ fieldErrors: z.record(z.string(), z.unknown()) }).nullish() })
    .optional()
    .catch(undefined),
  issues: z
    .array(z.object({ path: z.array(z.union([z.string(), z.number()])) }))
    .optional()
    .catch(undefined),
});
