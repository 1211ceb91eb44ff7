import { recipientSchema } from '@barback/shared/sealed/seal.ts';
import { absolutePathSchema } from '@barback/shared/wire/absolute-path.ts';
import { z } from 'zod';

/** Where copies of the api's own database go, over SFTP: a Storage Box, or any host with ssh. */
export const offsiteSchema = z.strictObject({
  host: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'write the name of a host'),
  port: z.int().min(1).max(65_535).default(23),
  user: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'write the name of the account'),
  /** Below the account's home; each audit log gets one of its own in it. */
  directory: z.string().regex(/^(?![.-])[A-Za-z0-9._-]+(\/(?![.-])[A-Za-z0-9._-]+)*$/, 'write a relative path'),
  /** Private key without a passphrase, 0600. */
  identityFile: absolutePathSchema,
  /** The box's host keys, and nothing else. */
  knownHostsFile: absolutePathSchema,
  /** Pause between two copies; none is sent when nothing has happened. */
  everyMinutes: z.number().min(0.01).max(1440).default(15),
  /** Public keys of age that the signing key, the secrets and the TLS key are encrypted to; without one they are left out. */
  recipients: z.array(recipientSchema).max(16).default([]),
});

export type OffsiteConfig = z.infer<typeof offsiteSchema>;

/** As scp and people have it. */
export function offsiteText({ user, host, directory }: OffsiteConfig): string {
  return `${user}@${host}:${directory}`;
}
