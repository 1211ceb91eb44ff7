import type { Counts } from './import-sql.ts';

/** What a plain SQL dump says of itself (pg_dump 13 to 18), and why it must not be loaded. */
export interface PlainDump {
  /** Of the server that was dumped, as it says it itself. */
  readonly version: string | null;
  readonly encoding: string | null;
  /** Of its own \restrict; null: it is from a pg_dump that had none (before 13.22, 14.19, 15.14, 16.10, 17.6). */
  readonly key: string | null;
  readonly tables: Counts['tables'];
  readonly sequences: Counts['sequences'];
  readonly extensions: readonly { readonly name: string; readonly schema: string }[];
  readonly faults: readonly string[];
}

const name = String.raw`(?:"(?:[^"]|"")+"|[^\s".(]+)`;
const copyLine = new RegExp(String.raw`^COPY (${name}\.${name}) (?:\(.*\) )?FROM stdin;$`);
const setvalLine = new RegExp(String.raw`^SELECT pg_catalog\.setval\('(.+)', (\d+), (true|false)\);$`);
const extensionLine = new RegExp(String.raw`^CREATE EXTENSION IF NOT EXISTS (${name}) WITH SCHEMA (${name});$`);

/** Statements that a role without rights cannot carry out, and the options that leave them out. */
const refused: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/^ALTER .* OWNER TO /, 'it names owners (--no-owner)'],
  [/^(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES) /, 'it names privileges (--no-privileges)'],
  [/^COMMENT ON EXTENSION /, 'it comments extensions (--no-comments)'],
  [/^CREATE PUBLICATION /, 'it has publications (--no-publications)'],
  [/^CREATE SUBSCRIPTION /, 'it has subscriptions (--no-subscriptions)'],
  [/^SECURITY LABEL /, 'it has security labels (--no-security-labels)'],
  [/^CREATE EVENT TRIGGER /, 'it has event triggers, which only a superuser makes'],
  [/^(?:CREATE|DROP) DATABASE /, 'it makes a database (without --create)'],
];

const newline = 10;
const endOfData = Buffer.from('\\.');
const faultsMax = 20;

/**
 * Reads a plain SQL dump piece by piece. What it takes for the rows of a table may be something else in a hostile file; then the counts, the
 * restriction or the load refuses it: nothing here is executed, and nothing that was found is trusted more than what was loaded.
 */
export class PlainDumpReader {
  readonly #faults = new Set<string>();
  readonly #tables: { table: string; rows: number }[] = [];
  readonly #sequences: { sequence: string; last: number | null }[] = [];
  readonly #extensions: { name: string; schema: string }[] = [];
  #open: Buffer[] = [];
  #lines = 0;
  #rowsOf: { table: string; rows: number } | null = null;
  #version: string | null = null;
  #encoding: string | null = null;
  #key: Buffer | null = null;
  #keys = 0;
  #isAtHead = true;
  /** The last lines with something in them. */
  #tail: string[] = [];

  push(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(newline, from);
      if (at === -1) break;
      this.#line(this.#open.length === 0 ? chunk.subarray(from, at) : this.#joined(chunk.subarray(from, at)));
      from = at + 1;
    }
    if (from < chunk.length) this.#open.push(Buffer.from(chunk.subarray(from)));
  }

  end(): PlainDump {
    if (this.#open.length > 0) this.#line(this.#joined(Buffer.alloc(0)));
    if (this.#rowsOf !== null) this.#fault(`it ends in the middle of ${this.#rowsOf.table}`);
    this.#judgeEnd();
    if (this.#version === null) this.#fault('it does not say which PostgreSQL it is of');
    if (this.#tables.length === 0)
      this.#fault('it has no rows as COPY writes them (without --inserts and --schema-only)');
    return {
      version: this.#version,
      encoding: this.#encoding,
      key: this.#key?.toString('latin1') ?? null,
      tables: this.#tables,
      sequences: this.#sequences,
      extensions: this.#extensions,
      faults: [...this.#faults].slice(0, faultsMax),
    };
  }

  #joined(last: Buffer): Buffer {
    const line = Buffer.concat([...this.#open, last]);
    this.#open = [];
    return line;
  }

  #line(line: Buffer): void {
    this.#lines += 1;
    // Also among rows: what is taken for a row may be a statement that ends the restriction.
    if (this.#key !== null && line.includes(this.#key)) this.#keys += 1;
    if (this.#rowsOf === null) return this.#statement(line.toString('latin1'));
    if (!line.equals(endOfData)) this.#rowsOf.rows += 1;
    else {
      this.#tables.push(this.#rowsOf);
      this.#rowsOf = null;
    }
  }

  #statement(line: string): void {
    if (this.#lines === 2 && line !== '-- PostgreSQL database dump')
      this.#fault('it does not begin as pg_dump writes it');
    if (line === '') return;
    this.#tail = [...this.#tail, line].slice(-4);
    if (line.startsWith('\\')) return this.#command(line);
    if (line.startsWith('--')) {
      this.#version ??= /^-- Dumped from database version (\d[\w.]*)/.exec(line)?.[1] ?? null;
      return;
    }
    this.#isAtHead = false;
    this.#encoding ??= /^SET client_encoding = '([\w-]+)';$/.exec(line)?.[1] ?? null;
    this.#learn(line);
    for (const [pattern, why] of refused) if (pattern.test(line)) this.#fault(why);
  }

  /** psql obeys lines like these. Its own are the first thing in the file and the last. */
  #command(line: string): void {
    const key = /^\\restrict ([A-Za-z0-9]{1,128})$/.exec(line)?.[1];
    if (key !== undefined && this.#isAtHead && this.#key === null) {
      this.#key = Buffer.from(key, 'latin1');
      this.#keys = 1;
      return;
    }
    if (this.#key !== null && line === `\\unrestrict ${this.#key.toString('latin1')}`) return;
    this.#fault('it has commands of psql');
  }

  #learn(line: string): void {
    const table = copyLine.exec(line)?.[1];
    if (table !== undefined) this.#rowsOf = { table: plain(table), rows: 0 };
    const [, sequence, last, wasCalled] = setvalLine.exec(line) ?? [];
    if (sequence !== undefined) {
      const value = wasCalled === 'true' ? Number(last) : null;
      this.#sequences.push({ sequence: plain(sequence.replaceAll("''", "'")), last: value });
    }
    const [, extension, schema] = extensionLine.exec(line) ?? [];
    if (extension !== undefined && schema !== undefined) {
      this.#extensions.push({ name: plain(extension), schema: plain(schema) });
    }
  }

  /** Where a file was cut off there is no trailer; and the restriction ends there and nowhere else. */
  #judgeEnd(): void {
    const complete = '-- PostgreSQL database dump complete';
    const end =
      this.#key === null ? [complete, '--'] : [complete, '--', `\\unrestrict ${this.#key.toString('latin1')}`];
    if (this.#tail.slice(-end.length).join('\n') !== end.join('\n'))
      this.#fault('its trailer is missing: it was cut off, or is no dump');
    if (this.#key !== null && this.#keys !== 2) this.#fault('the key of its restriction is in it somewhere else, too');
  }

  #fault(why: string): void {
    this.#faults.add(why);
  }
}

/** Of identifiers in the spelling of SQL, in the one of the catalogue; one character for each byte becomes text. */
function plain(qualified: string): string {
  const text = Buffer.from(qualified, 'latin1').toString('utf8');
  return text.replaceAll(/"((?:[^"]|"")+)"/g, (_, inside: string) => inside.replaceAll('""', '"'));
}

/** What must be there after the load: tables without rows have no COPY, and descending or cyclic sequences are not counted. Pure. */
export function expectedOf({ tables, sequences }: Pick<PlainDump, 'tables' | 'sequences'>, loaded: Counts): Counts {
  const named = new Set(tables.map(({ table }) => table));
  const counted = new Set(loaded.sequences.map(({ sequence }) => sequence));
  const others = loaded.tables.filter(({ table }) => !named.has(table)).map(({ table }) => ({ table, rows: 0 }));
  return {
    at: loaded.at,
    tables: [...tables, ...others],
    sequences: sequences.filter(({ sequence }) => counted.has(sequence)),
  };
}

/** `150018` of `15.18`; null of what is not known. */
export function versionNumber(version: string | null): number | null {
  const match = /^(\d+)\.(\d+)/.exec(version ?? '') ?? /^(\d+)/.exec(version ?? '');
  return match ? Number(match[1]) * 10_000 + Number(match[2] ?? 0) : null;
}

/** psql knows \restrict from these on (release notes of August 2025, CVE-2025-8714). */
export function restricts(version: string): boolean {
  const least: Readonly<Record<string, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };
  const [major = '', minor = '0'] = version.split('.');
  const needed = least[major];
  return needed === undefined ? Number(major) >= 18 : Number(minor) >= needed;
}
