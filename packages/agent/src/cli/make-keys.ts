import { newPrivateJwk, privateJwkSchema, publicPart, type PublicJwk } from '@barback/shared/wire/keys.ts';
import { createExclusive, readIfExists } from '../system/files.ts';

/** Makes the executor's signing key (0600) unless there is one, and returns its public part for the api's configuration. */
export async function makeKeys(file: string): Promise<PublicJwk> {
  await createExclusive(file, `${JSON.stringify(await newPrivateJwk())}\n`, { mode: 0o600 });
  return publicPart(privateJwkSchema.parse(JSON.parse((await readIfExists(file)) ?? '')));
}
