import type { Micros } from '@barback/shared/postgres/instant.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Database } from '../db/database.ts';
import { principalOf } from '../keys/key-store.ts';
import type { Principal } from '../keys/principal.ts';

const windowMicros = 10_000_000;
const failuresMax = 200;

/** Counts strangers: a flood of wrong keys is answered shortly and does not fill the log. */
export interface StrangerLimit {
  /** Registers a failure at an instant and says whether it is within the limit. */
  allow(now: Micros): boolean;
}

export function strangerLimit(): StrangerLimit {
  let begin = Number.NEGATIVE_INFINITY;
  let failures = 0;
  return {
    allow(now) {
      if (now - begin >= windowMicros) {
        begin = now;
        failures = 0;
      }
      failures += 1;
      return failures <= failuresMax;
    },
  };
}

/** The owner of the request's key; one generic refusal for everything that is not right about it. */
export function authenticate(database: Database, header: string | undefined, now: Micros): Principal {
  const key = /^Bearer ([A-Za-z0-9_-]{1,128})$/i.exec(header ?? '')?.[1];
  const principal = key === undefined ? null : principalOf(database, key, now);
  if (principal === null) {
    throw new ProblemError('invalid-token', 'The request needs a valid API key', {
      next: 'Send "Authorization: Bearer KEY"; with curl keep that line in a file: curl -H @operator.header',
    });
  }
  return principal;
}

export function tooManyStrangers(): ProblemError {
  return new ProblemError('rate-limited', 'Too many requests without a valid key', { next: 'Wait ten seconds' });
}
