import { userInfo } from 'node:os';
import type { Actor } from '../audit/append-event.ts';

/** Whoever can run commands on the host of the api: its operating system says who that is. */
export function localActor(): Actor {
  return { kind: 'cli', id: `${userInfo().username}@host` };
}
