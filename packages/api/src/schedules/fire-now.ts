import type { Actor } from '../audit/append-event.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/database.ts';
import { write } from '../db/write.ts';
import { recordDue } from './firing-store.ts';
import type { Schedule } from './schedule-store.ts';

/** An occurrence out of turn; what comes next stays what it was. */
export function fireNow(
  deps: { readonly database: Database; readonly clock: Clock },
  schedule: Schedule,
  actor: Actor,
): void {
  const at = deps.clock.now();
  const due = { dueAt: at, missed: 0, next: schedule.next };
  write(deps.database, (tx) => recordDue(tx, schedule, { due, at, isLate: false, actor }));
}
