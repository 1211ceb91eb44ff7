import { parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { lsnFromNumber, type Lsn } from '@barback/shared/postgres/lsn.ts';
import type { RelationFile } from '@barback/shared/postgres/relation-file.ts';
import { parseWaldumpLine, unreadableLine, type WaldumpLine } from './waldump-line.ts';

/** What takes the records in the order of WAL. The two frequent kinds get no object of their own. */
export interface WaldumpSink {
  /** A row of a relation. */
  row(xid: number, file: RelationFile, what: 'deleted' | 'updated'): void;
  /** A commit that says nothing but its time; `position` in bytes. */
  commit(xid: number, position: number, time: Micros): void;
  record(line: WaldumpLine): void;
}

const [newline, space, hash, comma, slash] = [10, 32, 35, 44, 47];
const [letterC, letterD, letterF, letterH, letterI, letterP] = [67, 68, 70, 72, 73, 80];
const [letterT, letterU, letterX, small_r] = [84, 85, 88, 114];

/** Where the fields lie in a line: `rmgr: %-11s len (rec/tot): %6u/%6u, tx: %10u, lsn: …` (PostgreSQL 13–17, pg_waldump.c). */
const managerAt = 6;
const xidAt = 52;
const lsnAt = 69;
/** `COMMIT 2026-11-24 14:55:52.358702 UTC` and nothing more. */
const plainCommitLength = 37;
/** The begin of a PREPARE's line and its identifier of at most 200 bytes are shorter. */
const begunMax = 400;

/**
 * Reads the output of pg_waldump as it arrives. There may be millions of lines: those of rows and plain commits are read from
 * the bytes, without a string of the line; every other one is parsed by `parseWaldumpLine`.
 */
export class WaldumpScanner {
  readonly #sink: WaldumpSink;
  readonly #skip: number | null;
  /** The begin of a line whose end has not arrived. */
  #rest: Buffer | null = null;
  #last: number | null = null;
  /** Lines behind a PREPARE: its identifier may hold line breaks, and so a whole line that PostgreSQL never wrote. */
  #held: string[] | null = null;
  /** A PREPARE whose identifier goes on in the next line, and the last record before it. */
  #begun: { readonly text: string; readonly last: number | null } | null = null;
  readonly #second = { text: '', micros: 0 };

  /** `skip`: the position of a record that was taken before; pg_waldump, started there, prints it again as the first. */
  constructor(sink: WaldumpSink, skip: number | null) {
    this.#sink = sink;
    this.#skip = skip;
  }

  /** Begin of the last record that was read whole; null when there was none. */
  get lastLsn(): Lsn | null {
    const position = this.#last ?? this.#skip;
    return position === null ? null : lsnFromNumber(position);
  }

  add(chunk: Buffer): void {
    let start = 0;
    if (this.#rest !== null) {
      const end = chunk.indexOf(newline);
      if (end === -1) {
        this.#rest = Buffer.concat([this.#rest, chunk]);
        return;
      }
      const line = Buffer.concat([this.#rest, chunk.subarray(0, end)]);
      this.#rest = null;
      this.#line(line, 0, line.length);
      start = end + 1;
    }
    for (let end = chunk.indexOf(newline, start); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#line(chunk, start, end);
      start = end + 1;
    }
    if (start < chunk.length) this.#rest = Buffer.from(chunk.subarray(start));
  }

  /** A last line without its end was cut off when the program was stopped: it counts as not read. */
  finish(): void {
    this.#rest = null;
    this.#release();
    if (this.#begun !== null) this.#last = this.#begun.last;
    this.#begun = null;
  }

  #line(bytes: Buffer, start: number, end: number): void {
    if (this.#begun !== null) return this.#goOn(bytes.toString('utf8', start, end), this.#begun);
    if (this.#held !== null) return this.#holdBack(bytes.toString('utf8', start, end));
    // The rest of a restore point's name with a line break in it: too short to hold a whole line.
    if (bytes[start] !== small_r || bytes[start + managerAt - 1] !== space) return;
    const position = positionOf(bytes, start);
    const before = this.#last;
    const isFirst = before === null;
    this.#last = position;
    if (isFirst && position === this.#skip) return;
    const at = descriptionAt(bytes, start, end);
    switch (bytes[start + managerAt]) {
      case letterH:
        // Heap2 has its digit where Heap has a blank.
        if (bytes[start + managerAt + 4] === space) return this.#heap(bytes, start, end, at);
        break;
      case letterT:
        if (end - at === plainCommitLength && bytes[at] === letterC && bytes[at + 6] === space && isUtc(bytes, end)) {
          return this.#sink.commit(numberAt(bytes, start + xidAt, 10), position, this.#timeAt(bytes, at + 7));
        }
        break;
      case letterX:
        // FPI and FPI_FOR_HINT: images of pages, which may be most of the WAL.
        if (bytes[at] === letterF && bytes[at + 1] === letterP && bytes[at + 2] === letterI) return;
        break;
      default:
    }
    this.#rare(bytes.toString('utf8', start, end), before);
  }

  /** `last`: the record before it. */
  #rare(text: string, last: number | null): void {
    const line = parseWaldumpLine(text);
    if (line === undefined) {
      if (!/^rmgr: Transaction .*, desc: PREPARE gid /s.test(text) || text.length > begunMax)
        throw unreadableLine(text);
      this.#begun = { text, last };
      return;
    }
    if (line.is === 'transaction' && line.end.kind === 'prepare') this.#held = [];
    this.#sink.record(line);
  }

  #goOn(text: string, begun: { readonly text: string; readonly last: number | null }): void {
    this.#begun = null;
    this.#rare(`${begun.text}\n${text}`, begun.last);
  }

  /** An identifier has at most 200 bytes: one whole line and the begin of another. */
  #holdBack(text: string): void {
    if (!text.startsWith('rmgr: ')) this.#held = null;
    else if (this.#held?.push(text) === 2) this.#release();
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const text of held) {
      const bytes = Buffer.from(text, 'utf8');
      this.#line(bytes, 0, bytes.length);
    }
  }

  #heap(bytes: Buffer, start: number, end: number, at: number): void {
    const first = bytes[at];
    if (first !== letterD && first !== letterH && first !== letterU) return;
    let mark = at;
    while (mark < end && bytes[mark] !== hash) mark += 1;
    // "#0: rel " and then T/D/F.
    const from = mark + 8;
    let to = from;
    while (to < end && bytes[to] !== space) to += 1;
    if (to >= end) throw unreadableLine(bytes.toString('utf8', start, end));
    const file = bytes.toString('latin1', from, to);
    this.#sink.row(numberAt(bytes, start + xidAt, 10), file, first === letterD ? 'deleted' : 'updated');
  }

  /** Commits of one second share all but the last six digits. */
  #timeAt(bytes: Buffer, at: number): Micros {
    const text = bytes.toString('latin1', at, at + 19);
    if (text !== this.#second.text) {
      const parsed = parseInstant(`${text.replace(' ', 'T')}Z`);
      if (!parsed.ok) throw unreadableLine(bytes.toString('utf8', Math.max(0, at - 100), at + 30));
      this.#second.text = text;
      this.#second.micros = parsed.micros;
    }
    return this.#second.micros + numberAt(bytes, at + 20, 6);
  }
}

/** The first byte of the description, behind `lsn: H/L, prev H/L, desc: `. */
function descriptionAt(bytes: Buffer, start: number, end: number): number {
  let at = start + lsnAt;
  while (at < end && bytes[at] !== comma) at += 1;
  at += 2;
  while (at < end && bytes[at] !== comma) at += 1;
  return at + 8;
}

/** PostgreSQL 15 prints the local time of the process. */
function isUtc(bytes: Buffer, end: number): boolean {
  return bytes[end - 3] === letterU && bytes[end - 2] === letterT && bytes[end - 1] === letterC;
}

/** The position in `lsn: H/L, `, in bytes. */
function positionOf(bytes: Buffer, start: number): number {
  let [high, low, at] = [0, 0, start + lsnAt];
  for (; bytes[at] !== slash; at += 1) high = high * 16 + hexDigit(bytes[at]);
  for (at += 1; bytes[at] !== comma; at += 1) low = low * 16 + hexDigit(bytes[at]);
  return high * 0x1_0000_0000 + low;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) throw unreadableLine('(a line without a position)');
  return byte < 58 ? byte - 48 : byte - 55;
}

/** The number in a field of a fixed width, right-aligned. */
function numberAt(bytes: Buffer, start: number, width: number): number {
  let value = 0;
  for (let at = start; at < start + width; at += 1) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit >= 0) value = value * 10 + digit;
  }
  return value;
}
