import { walEndsMax } from '@barback/shared/operations/wal-ends.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { WaldumpLine } from '../postgres/waldump-line.ts';
import type { WaldumpSink } from '../postgres/waldump-scanner.ts';

type Columns = Omit<Result<'wal-ends'>, 'recordAt'>;

/** Collects the ends of transactions that begin in one segment. */
export class SegmentEnds implements WaldumpSink {
  readonly #start: number;
  readonly #bytes: number;
  readonly #columns = { xids: [] as number[], offsets: [] as number[], times: [] as number[], aborts: [] as number[] };
  #isBehind = false;

  constructor(start: number, bytes: number) {
    this.#start = start;
    this.#bytes = bytes;
  }

  get count(): number {
    return this.#columns.xids.length;
  }

  /** Whether a record behind the segment was seen. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  row(): void {
    // Only ends of transactions were asked for.
  }

  commit(xid: number, position: number, time: number): void {
    const offset = position - this.#start;
    if (offset >= this.#bytes) {
      this.#isBehind = true;
      return;
    }
    this.#columns.xids.push(xid);
    this.#columns.offsets.push(offset);
    this.#columns.times.push(time);
  }

  record(line: WaldumpLine): void {
    if (line.is !== 'transaction' || line.end.kind === 'prepare') return;
    const before = this.count;
    this.commit(line.end.xid ?? line.xid, lsnToNumber(line.lsn), line.end.time);
    if (line.end.kind === 'abort' && this.count > before) this.#columns.aborts.push(before);
  }

  result(): Columns {
    const cut = this.count > walEndsMax;
    const { xids, offsets, times, aborts } = this.#columns;
    const columns = [xids, offsets, times].map((column) => column.slice(0, walEndsMax));
    return {
      xids: columns[0] ?? [],
      offsets: columns[1] ?? [],
      times: columns[2] ?? [],
      aborts: aborts.filter((index) => index < walEndsMax),
      cut,
    };
  }
}
