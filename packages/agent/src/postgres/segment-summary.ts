import {
  histogramSeconds,
  type WalEnd,
  type WalPoint,
  type WalSegmentSummary,
  type WalTransactionSummary,
} from '@barback/shared/operations/wal-index.ts';
import { lsnFromNumber } from '@barback/shared/postgres/lsn.ts';
import type { Work } from './wal-work.ts';

/** Transactions that only changed rows: so many of the largest are kept of each segment. */
const rowTransactionsMax = 32;
/** Transactions that changed the structure: nearly always far fewer. */
const structureTransactionsMax = 1_000;
/** One updated row is what every transaction does; a deleted one may matter. */
const updatedRowsMin = 2;

export type SegmentFacts = Omit<WalSegmentSummary, 'segment' | 'file'>;

/** An end of a transaction with its position in bytes: most of them are only counted. */
export interface End {
  readonly xid: number;
  readonly position: number;
  readonly time: number;
}

function told({ xid, position, time }: End): WalEnd {
  return { xid, lsn: lsnFromNumber(position), time };
}

/** Collects what one segment's records say. */
export class SegmentSummary {
  #commits = 0;
  #aborts = 0;
  #firstCommit: End | null = null;
  #lastCommit: End | null = null;
  #earliest: number | null = null;
  #latest: number | null = null;
  #latestEnd: number | null = null;
  #xidMin: number | null = null;
  #xidMax: number | null = null;
  #schemaChanges = 0;
  readonly #histogram = new Map<number, number>();
  readonly #points: WalPoint[] = [];
  readonly #structural: WalTransactionSummary[] = [];
  readonly #byRows: { rows: number; transaction: WalTransactionSummary }[] = [];
  /** Once there are too many: one with no more rows than this is among the smallest. */
  #rowsFloor = 0;
  readonly #omitted = { transactions: 0, rowsMax: 0 };

  addPoint(point: WalPoint): void {
    this.#points.push(point);
  }

  addAbort(end: End): void {
    this.#aborts += 1;
    this.#addEnd(end);
  }

  /** `work`: what it did, null when that is nothing to look for. */
  addCommit(end: End, work: Work | null): void {
    this.#addEnd(end);
    this.#commits += 1;
    this.#firstCommit ??= end;
    this.#lastCommit = end;
    if (this.#earliest === null || end.time < this.#earliest) this.#earliest = end.time;
    if (this.#latest === null || end.time > this.#latest) this.#latest = end.time;
    const step = Math.floor(end.time / (histogramSeconds * 1_000_000)) * histogramSeconds;
    this.#histogram.set(step, (this.#histogram.get(step) ?? 0) + 1);
    if (work !== null) this.#addWork(end, work);
  }

  #addEnd({ xid, time }: End): void {
    if (this.#latestEnd === null || time > this.#latestEnd) this.#latestEnd = time;
    if (this.#xidMin === null || xid < this.#xidMin) this.#xidMin = xid;
    if (this.#xidMax === null || xid > this.#xidMax) this.#xidMax = xid;
  }

  /** Only what may have to be looked for is kept. */
  #addWork(end: End, work: Work): void {
    if (work.changesSchema) this.#schemaChanges += 1;
    if (work.changesStructure) {
      if (this.#structural.length >= structureTransactionsMax) this.#omit(work.rows);
      else this.#structural.push({ ...told(end), work: work.summary() });
      return;
    }
    const { rows } = work;
    if (rows < (work.deletesRows ? 1 : updatedRowsMin)) return;
    if (rows <= this.#rowsFloor) return this.#omit(rows);
    this.#byRows.push({ rows, transaction: { ...told(end), work: work.summary() } });
    if (this.#byRows.length >= 2 * rowTransactionsMax) this.#keepLargest();
  }

  facts(): SegmentFacts {
    this.#keepLargest();
    return {
      commits: this.#commits,
      aborts: this.#aborts,
      firstCommit: this.#firstCommit && told(this.#firstCommit),
      lastCommit: this.#lastCommit && told(this.#lastCommit),
      earliest: this.#earliest,
      latest: this.#latest,
      latestEnd: this.#latestEnd,
      xidMin: this.#xidMin,
      xidMax: this.#xidMax,
      commitsByTime: [...this.#histogram].toSorted(([a], [b]) => a - b),
      points: this.#points,
      transactions: [...this.#structural, ...this.#byRows.map((one) => one.transaction)],
      omitted: { ...this.#omitted },
      schemaChanges: this.#schemaChanges,
    };
  }

  #keepLargest(): void {
    this.#byRows.sort((a, b) => b.rows - a.rows);
    for (const { rows } of this.#byRows.splice(rowTransactionsMax)) this.#omit(rows);
    if (this.#byRows.length === rowTransactionsMax) this.#rowsFloor = this.#byRows.at(-1)?.rows ?? 0;
  }

  #omit(rows: number): void {
    this.#omitted.transactions += 1;
    this.#omitted.rowsMax = Math.max(this.#omitted.rowsMax, rows);
  }
}
