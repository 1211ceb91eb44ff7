import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { Database } from '../db/database.ts';
import { write } from '../db/write.ts';

export interface Refusal {
  readonly method: string;
  readonly path: string;
  readonly problem: Problem;
  readonly at: Micros;
}

/** Records that somebody known asked for a change and did not get it. */
export function recordRefusal(
  database: Database,
  refusal: Refusal,
  actor: Actor,
  more: { suppressed?: number } = {},
): void {
  const { method, path, problem, at } = refusal;
  write(database, (tx) =>
    appendEvent(tx, {
      type: 'request.refused',
      at,
      actor,
      data: { method, path: path.slice(0, 200), type: problem.type, status: problem.status, ...more },
    }),
  );
}

const strangerEventMicros = 10_000_000;

/** Records strangers at most once in ten seconds, with the number that came in between. */
export function strangerRecorder(database: Database): (refusal: Refusal) => void {
  let last = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  return (refusal) => {
    if (refusal.at - last < strangerEventMicros) {
      suppressed += 1;
      return;
    }
    recordRefusal(database, refusal, { kind: 'stranger', id: 'unknown' }, { suppressed });
    last = refusal.at;
    suppressed = 0;
  };
}
