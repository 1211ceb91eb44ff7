import type { Target } from '@barback/shared/postgres/target.ts';
import type { StopView } from '../targets/stop-view.ts';
import type { TransactionView } from '../window/transaction-schema.ts';
import { ago, exactInstant } from './units.ts';

/** As it was asked for; what it comes to is said by the stop. */
export function describeTarget(asked: Target): string {
  switch (asked.type) {
    case 'immediate':
      return 'immediate: the end of the backup';
    case 'latest':
      return 'latest: everything that Barman holds';
    case 'time':
      return `the state of ${exactInstant(asked.time)}`;
    case 'lsn':
      return `${asked.inclusive ? 'with' : 'just before'} the record at ${asked.lsn}`;
    case 'xid':
      return `${asked.inclusive ? 'with' : 'just before'} transaction ${asked.xid}`;
    case 'before-transaction':
      return `just before transaction ${asked.xid}`;
    case 'name':
      return `the restore point ${asked.name}`;
  }
}

/** The stop and the transactions on both sides of it. */
export function stopFields(stop: StopView, now: number): readonly (readonly [string, string | null])[] {
  const place = `${stop.inclusive ? 'behind' : 'just before'} the record at ${stop.lsn} of timeline ${stop.timeline}`;
  return [
    ['stops', place],
    ['last kept', transaction(stop.lastKept, now)],
    ['first undone', transaction(stop.firstUndone, now)],
    ['undone too', stampedEarlier(stop)],
  ];
}

function transaction(one: TransactionView | null, now: number): string | null {
  return one === null ? null : `${one.xid} at ${one.lsn}, ${exactInstant(one.time)} (${ago(one.time, now)})`;
}

function stampedEarlier({ stampedEarlier: all }: StopView): string | null {
  if (all.length === 0) return null;
  const xids = all.map((one) => one.xid).join(', ');
  return `${xids}: committed behind the stop, although their time is not later than the target`;
}
