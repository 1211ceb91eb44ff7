import { serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { z } from 'zod';
import { systemClock } from '../clock.ts';
import { createKey, listKeys, revokeKey } from '../keys/key-store.ts';
import { personRoles } from '../keys/role.ts';
import { table } from '../render/layout.ts';
import { UsageError, type Command } from './command.ts';
import { localActor } from './local-actor.ts';
import { withLocal } from './open-local.ts';

const config = { value: 'FILE', required: true } as const;

const newKeySchema = z.strictObject({
  role: z.enum(personRoles, `--role is one of ${personRoles.join(', ')}`),
  name: z.string().regex(/^[^\p{C}]{1,100}$/u, '--name is 1 to 100 printable characters'),
  servers: z.array(serverNameSchema).nullable(),
});

export const keysCreate: Command = {
  words: ['keys', 'create'],
  positionals: [],
  options: {
    role: { value: personRoles.join('|'), required: true },
    name: { value: 'NAME', required: true },
    server: { value: 'SERVER', many: true },
    config,
  },
  says: 'make an API key for one person and print it, this once; without --server for every server',
  run: (given) =>
    withLocal(given, ({ database }) => {
      const servers = given.many('server');
      const asked = {
        role: given.one('role'),
        name: given.one('name'),
        servers: servers.length === 0 ? null : servers,
      };
      const parsed = newKeySchema.safeParse(asked);
      if (!parsed.success) throw new UsageError(parsed.error.issues.map((issue) => issue.message).join('; '));
      const { id, key } = createKey(database, parsed.data, localActor(), systemClock.now());
      process.stderr.write(`key ${id}; it is shown only now\n`);
      process.stdout.write(`${key}\n`);
      return 0;
    }),
};

export const keysList: Command = {
  words: ['keys', 'list'],
  positionals: [],
  options: { config },
  says: 'list the API keys, without their text',
  run: (given) =>
    withLocal(given, ({ database }) => {
      const rows = listKeys(database).map(({ id, name, role, servers, createdAt, revokedAt, expiresAt }) => [
        id,
        role,
        servers === null ? 'every server' : servers.join(','),
        name,
        formatInstant(createdAt),
        [revokedAt, expiresAt].flatMap((one) => (one === null ? [] : [formatInstant(one)]))[0] ?? '',
      ]);
      process.stdout.write(table(['KEY', 'ROLE', 'FOR', 'NAME', 'CREATED', 'ENDS'], rows));
      return 0;
    }),
};

export const keysRevoke: Command = {
  words: ['keys', 'revoke'],
  positionals: ['ID'],
  options: { config },
  says: 'end an API key for ever',
  run: (given) =>
    withLocal(given, ({ database }) => {
      const id = given.positionals[0] ?? '';
      if (revokeKey(database, id, localActor(), systemClock.now())) return 0;
      process.stderr.write(`cannot revoke ${id}: there is no such key that still works; see "keys list"\n`);
      return 1;
    }),
};
