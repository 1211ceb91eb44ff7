import { mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appendEvent } from '../audit/append-event.ts';
import type { Database } from './database.ts';
import { openDatabase } from './open-database.ts';
import { acquireOwnerLock } from './owner-lock.ts';
import { documents, meta } from './schema.ts';
import { write } from './write.ts';

const clock = { now: () => 1_795_000_000_000_000 };
let directory: string;
let path: string;
let opened: Database[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barback-db-'));
  path = join(directory, 'api.db');
  opened = [];
});
afterEach(() => {
  for (const database of opened) database.close();
  rmSync(directory, { recursive: true });
});

function open(onUnknownCommit?: (error: Error) => void): Database {
  const database = openDatabase({ path, clock, ...(onUnknownCommit === undefined ? {} : { onUnknownCommit }) });
  opened.push(database);
  return database;
}

function pragma(database: Database, name: string): unknown {
  return database.sqlite.pragma(name, { simple: true });
}

describe('the database', () => {
  test('is durable when it is new and when it is opened again', () => {
    open().close();
    const again = open();
    expect(pragma(again, 'journal_mode')).toBe('wal');
    expect(pragma(again, 'synchronous')).toBe(2);
    expect(pragma(again, 'foreign_keys')).toBe(1);
    expect(pragma(again, 'trusted_schema')).toBe(0);
  });

  test('belongs to its user alone', () => {
    open();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('has only strict tables', () => {
    const tables = open().sqlite.pragma('table_list') as { name: string; strict: number; schema: string }[];
    const loose = tables.filter(({ name, strict }) => strict === 0 && !name.startsWith('sqlite_'));
    expect(loose.map(({ name }) => name)).toEqual(['__drizzle_migrations']);
  });

  test.each(['events', 'documents'])('keeps %s as they were written', (table) => {
    const database = open();
    write(database, (tx) =>
      tx
        .insert(documents)
        .values({ sha256: 'x', kind: 'plan', bytes: Buffer.from('y') })
        .run(),
    );
    expect(() => database.sqlite.exec(`DELETE FROM ${table}`)).toThrow(/append-only|immutable/);
    const other = table === 'events' ? "0, '{}', '', 0, 'x', NULL, NULL" : "'x', 'plan', x'00'";
    expect(() => database.sqlite.exec(`INSERT OR REPLACE INTO ${table} VALUES (${other})`)).toThrow(
      /append-only|immutable/,
    );
    expect(() => database.sqlite.exec(`UPDATE ${table} SET bytes = bytes`)).toThrow(/append-only|immutable/);
  });

  test('that is damaged is refused with what to do, and stays as it is', () => {
    const database = open();
    for (let page = 0; page < 20; page += 1) {
      write(database, (tx) =>
        tx
          .insert(meta)
          .values({ key: `k${page}`, value: 'v'.repeat(4000) })
          .run(),
      );
    }
    database.close();
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, statSync(path).size - 8192);
    const damaged = readFileSync(path);
    expect(() => open()).toThrow(/damaged|malformed/);
    expect(readFileSync(path).equals(damaged)).toBe(true);
  });

  test('can be read and written by another process while an api owns it', () => {
    const lock = acquireOwnerLock(path);
    const api = open();
    const command = open();
    write(command, (tx) => tx.insert(meta).values({ key: 'from', value: 'a command' }).run());
    expect(api.orm.select().from(meta).all()).toContainEqual({ key: 'from', value: 'a command' });
    lock.release();
  });

  test('has one owner, until that one is gone', () => {
    const lock = acquireOwnerLock(path);
    expect(() => acquireOwnerLock(path)).toThrow(`another process holds ${path}.owner.lock`);
    lock.release();
    acquireOwnerLock(path).release();
  });
});

describe('a write', () => {
  test('stores the change and its event together or not at all', () => {
    const database = open();
    const change = (fail: boolean) => () =>
      write(database, (tx) => {
        tx.insert(meta).values({ key: 'k', value: 'v' }).run();
        const actor = { kind: 'cli', id: 'test' } as const;
        appendEvent(tx, { type: 'key.created', at: clock.now(), actor, data: {} });
        if (fail) throw new Error('killed');
      });
    const count = (): unknown => database.sqlite.prepare('SELECT count(*) FROM events').pluck().get();
    expect(change(true)).toThrow('killed');
    expect(count()).toBe(1);
    change(false)();
    expect(count()).toBe(2);
  });

  test('that the disk does not take ends the process, because nobody knows what is stored', () => {
    const unknown: string[] = [];
    const database = open((error) => unknown.push(error.message));
    database.sqlite.pragma(`max_page_count = ${String(pragma(database, 'page_count'))}`);
    const tooMuch = () =>
      write(database, (tx) =>
        tx
          .insert(meta)
          .values({ key: 'big', value: 'x'.repeat(100_000) })
          .run(),
      );
    expect(tooMuch).toThrow('full');
    expect(unknown).toEqual(['database or disk is full']);
  });

  test('that breaks a rule is an ordinary error', () => {
    const unknown: string[] = [];
    const database = open((error) => unknown.push(error.message));
    const twice = () => write(database, (tx) => tx.insert(meta).values({ key: 'log', value: 'x' }).run());
    expect(twice).toThrow('UNIQUE');
    expect(unknown).toEqual([]);
  });
});
