import { readFileSync } from 'node:fs';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import type { EnrolmentToken } from '@barback/shared/wire/enrolment.ts';
import { publicPart } from '@barback/shared/wire/keys.ts';
import { systemClock } from '../clock.ts';
import { loopback } from '../integrations/application-settings.ts';
import { instanceId, readSigningKey } from '../keys/instance.ts';
import { createKey } from '../keys/key-store.ts';
import { durationMs, durationSchema } from '../scenarios/duration.ts';
import { UsageError, type Command, type Given } from './command.ts';
import { localActor } from './local-actor.ts';
import { withLocal } from './open-local.ts';
import { serverNameOf } from './server-name.ts';

export const serversToken: Command = {
  words: ['servers', 'token'],
  positionals: ['NAME'],
  options: {
    'api-url': { value: 'https://HOST[:PORT]', required: true },
    'api-ca': { value: 'FILE' },
    'valid-for': { value: '1h' },
    config: { value: 'FILE', required: true },
  },
  says: 'print a token with which one new agent takes a server over: barback-agent enroll --token-file',
  run: (given) =>
    withLocal(given, ({ config, database }) => {
      const server = serverNameOf(given);
      const url = apiUrl(given.one('api-url'));
      const caFile = given.maybe('api-ca');
      const at = systemClock.now();
      const expiresAt = at + validMicros(given);
      const about = { name: `enrolment of ${server}`, role: 'enroller', servers: [server], expiresAt } as const;
      const { id, key } = createKey(database, about, localActor(), at);
      const publicKey = publicPart(readSigningKey(config.signingKeyFile));
      const token: EnrolmentToken = {
        api: { url, id: instanceId(config, database, at), publicKey },
        ca: caFile === undefined ? null : readFileSync(caFile, 'utf8'),
        server,
        key,
      };
      process.stderr.write(`key ${id}; it works once, until ${formatInstant(expiresAt)}\n`);
      process.stdout.write(`${JSON.stringify(token)}\n`);
      return 0;
    }),
};

/** The key travels to it, so only over TLS, or on the host itself. */
function apiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = url?.protocol === 'http:' && loopback.test(url.hostname);
  if (url === null || (url.protocol !== 'https:' && !isLocal)) {
    throw new UsageError('--api-url is an https address, such as https://barback.example.org');
  }
  return url.origin;
}

function validMicros(given: Given): number {
  const parsed = durationSchema.safeParse(given.maybe('valid-for') ?? '1h');
  if (!parsed.success) throw new UsageError('--valid-for is a duration, such as 30m or 4h');
  return durationMs(parsed.data) * 1000;
}
