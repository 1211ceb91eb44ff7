import { publicPart } from '@barback/shared/wire/keys.ts';
import { systemClock } from '../clock.ts';
import { createSigningKey, instanceId, readSigningKey } from '../keys/instance.ts';
import type { Command } from './command.ts';
import { withLocal } from './open-local.ts';

export const init: Command = {
  words: ['init'],
  positionals: [],
  options: { config: { value: 'FILE', required: true } },
  says: 'make the database, the id and the signing key; print what agents must be configured with (safe to repeat)',
  run: (given) =>
    withLocal(given, async ({ config, database }) => {
      await createSigningKey(config.signingKeyFile);
      const publicKey = publicPart(readSigningKey(config.signingKeyFile));
      const id = instanceId(config, database, systemClock.now());
      process.stdout.write(`${JSON.stringify({ id, publicKey })}\n`);
      return 0;
    }),
};
