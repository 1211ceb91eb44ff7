import { serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { UsageError, type Given } from './command.ts';

/** The first argument as the name of a server, which may be a new one. Throws UsageError. */
export function serverNameOf(given: Given): string {
  const name = serverNameSchema.safeParse(given.positionals[0]);
  if (!name.success) throw new UsageError(`NAME: ${name.error.issues[0]?.message ?? 'not a server name'}`);
  // The ending asks for plain text in a path.
  if (name.data.endsWith('.txt')) throw new UsageError('NAME cannot end with .txt');
  return name.data;
}
