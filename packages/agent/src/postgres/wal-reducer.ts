import type { WalCarry } from '@barback/shared/operations/wal-index.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import { lsnToNumber, type Lsn } from '@barback/shared/postgres/lsn.ts';
import { partsOfFile, type RelationFile } from '@barback/shared/postgres/relation-file.ts';
import { SegmentSummary, type End } from './segment-summary.ts';
import type { WaldumpLine } from './waldump-line.ts';
import type { WaldumpSink } from './waldump-scanner.ts';
import { Work } from './wal-work.ts';

/** OIDs of the catalogues whose rows say what the schema and the roles are (PostgreSQL 15–17, pg_*.dat): stable across versions. */
const structuralCatalogues: ReadonlySet<number> = new Set([
  1247, // pg_type
  1249, // pg_attribute
  1255, // pg_proc
  1259, // pg_class
  1260, // pg_authid
  1261, // pg_auth_members
  1262, // pg_database
  2604, // pg_attrdef
  2606, // pg_constraint
  2610, // pg_index
  2615, // pg_namespace
  2620, // pg_trigger
  3079, // pg_extension
  3501, // pg_enum
]);

/** The first OID that users' objects get (FirstNormalObjectId). */
const firstUserOid = 16_384;

/** xids are compared on a circle of 2^32. */
const lastXid = 0xffff_ffff;

export interface ReducerOptions {
  readonly segmentBytes: number;
  /** From the records before; null: nothing is known of them. */
  readonly carry: WalCarry | null;
  /** Catalogues by file, where the file is not named by the OID. */
  readonly catalogues: ReadonlyMap<RelationFile, number>;
}

/** Reduces the records of a stretch of WAL to what each segment says, and what is unfinished at its end. */
export class WalReducer implements WaldumpSink {
  readonly #segmentBytes: number;
  readonly #catalogues: ReadonlyMap<RelationFile, number>;
  readonly #segments = new Map<number, SegmentSummary>();
  readonly #open = new Map<number, Work>();
  /** To be used again: there are hundreds of thousands of transactions, and few at a time. */
  readonly #spare: Work[] = [];
  readonly #kinds = new Map<RelationFile, number | null>();
  readonly #prepared = new Set<number>();
  #unseenUpTo: number | null;

  constructor({ segmentBytes, carry, catalogues }: ReducerOptions) {
    this.#segmentBytes = segmentBytes;
    this.#catalogues = catalogues;
    this.#unseenUpTo = carry === null ? lastXid : carry.unseenUpTo;
    for (const { xid, prepared, work } of carry?.open ?? []) {
      this.#open.set(xid, Work.from(work));
      if (prepared) this.#prepared.add(xid);
    }
  }

  row(xid: number, file: RelationFile, what: 'deleted' | 'updated'): void {
    const catalogue = this.#catalogueOf(file);
    if (catalogue === null) this.#workOf(xid).addRow(file, what);
    else if (structuralCatalogues.has(catalogue)) this.#workOf(xid).addCatalogue(catalogue);
  }

  commit(xid: number, position: number, time: Micros): void {
    const work = this.#open.get(xid) ?? null;
    this.#commit({ xid, position, time }, work);
    if (work === null) return;
    this.#open.delete(xid);
    work.clear();
    this.#spare.push(work);
  }

  record(line: WaldumpLine): void {
    switch (line.is) {
      case 'transaction':
        return this.#end(line);
      case 'created':
        return this.#workOf(line.xid).addFile('created', line.file);
      case 'locked':
        return line.locks.forEach((lock) => this.#workOf(lock.xid).addObject('locked', lock));
      case 'running':
        return this.#running(line.nextXid, line.oldestXid);
      case 'database-created':
        return this.#workOf(line.xid).addDatabase(line.oid, 'created');
      case 'database-dropped':
        return this.#workOf(line.xid).addDatabase(line.oid, 'dropped');
      case 'restore-point':
        return this.#segmentOf(line.lsn).addPoint({ is: line.is, lsn: line.lsn, name: line.name });
      case 'tablespace-created':
        return this.#segmentOf(line.lsn).addPoint({ is: line.is, lsn: line.lsn, oid: line.oid, path: line.path });
      case 'tablespace-dropped':
        return this.#segmentOf(line.lsn).addPoint({ is: line.is, lsn: line.lsn, oid: line.oid });
      case 'parameters':
        return this.#segmentOf(line.lsn).addPoint({ is: line.is, lsn: line.lsn, settings: { ...line.settings } });
      case 'end-of-recovery': {
        const { is, lsn, timeline, from, time } = line;
        return this.#segmentOf(lsn).addPoint({ is, lsn, timeline, from, time });
      }
      case 'other':
        return undefined;
    }
  }

  /** By number along the path; a segment in which nothing counted begins is absent. */
  segments(): ReadonlyMap<number, SegmentSummary> {
    return this.#segments;
  }

  /** What is unfinished behind the last record that was read, which begins at `lsn`. */
  carry(lsn: Lsn): WalCarry {
    const open = [...this.#open].map(([xid, work]) => ({
      xid,
      prepared: this.#prepared.has(xid),
      work: work.summary(),
    }));
    return { lsn, open, unseenUpTo: this.#unseenUpTo };
  }

  #end({ xid: own, lsn, end }: Extract<WaldumpLine, { is: 'transaction' }>): void {
    const xid = end.xid ?? own;
    const segment = this.#segmentOf(lsn);
    if (end.kind === 'prepare') {
      this.#prepare(xid, end.subxacts);
      segment.addPoint({ is: 'prepared', lsn, xid, time: end.time });
      return;
    }
    if (end.prepared) segment.addPoint({ is: 'prepared-ended', lsn, xid });
    const work = this.#take(xid, end.subxacts);
    const wasPrepared = this.#prepared.delete(xid);
    const summary = { xid, position: lsnToNumber(lsn), time: end.time };
    if (end.kind === 'abort') return segment.addAbort(summary);
    for (const file of end.removed) work.addFile('removed', file);
    for (const object of end.dropped) work.addObject('dropped', object);
    if (end.prepared && !wasPrepared) work.cut();
    this.#commit(summary, work);
  }

  #commit(end: End, work: Work | null): void {
    if (work !== null && this.#mayHaveBegunBefore(end.xid)) work.cut();
    this.#segmentAt(end.position).addCommit(end, work);
  }

  #prepare(xid: number, subxacts: readonly number[]): void {
    const work = this.#take(xid, subxacts);
    if (this.#mayHaveBegunBefore(xid)) work.cut();
    this.#open.set(xid, work);
    this.#prepared.add(xid);
  }

  /** The work of a transaction and its subtransactions, which is then no longer open. */
  #take(xid: number, subxacts: readonly number[]): Work {
    const work = this.#open.get(xid) ?? new Work();
    this.#open.delete(xid);
    for (const sub of subxacts) {
      const part = this.#open.get(sub);
      if (part) work.addWork(part.summary());
      this.#open.delete(sub);
    }
    return work;
  }

  /** What was open when the server crashed has no end of its own: the list of running transactions tells. */
  #running(nextXid: number, oldestXid: number): void {
    for (const xid of this.#open.keys()) {
      if (!this.#prepared.has(xid) && precedes(xid, oldestXid)) this.#open.delete(xid);
    }
    if (this.#unseenUpTo === lastXid) this.#unseenUpTo = nextXid - 1;
    if (this.#unseenUpTo !== null && precedes(this.#unseenUpTo, oldestXid)) this.#unseenUpTo = null;
  }

  #mayHaveBegunBefore(xid: number): boolean {
    if (this.#unseenUpTo === null) return false;
    return this.#unseenUpTo === lastXid || !precedes(this.#unseenUpTo, xid);
  }

  #workOf(xid: number): Work {
    const known = this.#open.get(xid);
    if (known) return known;
    const fresh = this.#spare.pop() ?? new Work();
    this.#open.set(xid, fresh);
    return fresh;
  }

  /** Null for a relation of users. */
  #catalogueOf(file: RelationFile): number | null {
    const known = this.#kinds.get(file);
    if (known !== undefined) return known;
    const { number } = partsOfFile(file);
    const catalogue = this.#catalogues.get(file) ?? (number < firstUserOid ? number : null);
    this.#kinds.set(file, catalogue);
    return catalogue;
  }

  #segmentOf(lsn: Lsn): SegmentSummary {
    return this.#segmentAt(lsnToNumber(lsn));
  }

  #segmentAt(position: number): SegmentSummary {
    const number = Math.floor(position / this.#segmentBytes);
    const known = this.#segments.get(number);
    if (known) return known;
    const fresh = new SegmentSummary();
    this.#segments.set(number, fresh);
    return fresh;
  }
}

function precedes(xid: number, other: number): boolean {
  return ((xid - other) | 0) < 0;
}
