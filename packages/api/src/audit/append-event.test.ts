import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyAudit } from '@barback/shared/audit/verify.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database } from '../db/database.ts';
import { openDatabase } from '../db/open-database.ts';
import { write } from '../db/write.ts';
import { appendEvent, logHead } from './append-event.ts';
import { exportEvents } from './export-events.ts';
import { listEvents } from './list-events.ts';

const clock = { now: () => 1_795_000_000_000_000 };
const actor = { kind: 'key', id: 'k' } as const;
let directory: string;
let database: Database;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barback-audit-'));
  database = openDatabase({ path: join(directory, 'api.db'), clock });
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true });
});

function append(count: number, run: string | null = null): void {
  write(database, (tx) => {
    for (let i = 0; i < count; i += 1)
      appendEvent(tx, { type: 'run.started', at: clock.now(), actor, run, data: { i } });
  });
}

function lines(): string[] {
  return [...exportEvents(database)].map((line) => line.slice(0, -1));
}

test('the log begins by itself, and an export of it verifies against its head', () => {
  append(1234);
  const head = logHead(database.orm);
  expect(verifyAudit(lines(), head ?? undefined)).toMatchObject({ ok: true, events: 1235, log: head?.log });
});

test('an export ends where the log ended when it began, whatever is appended meanwhile', () => {
  append(600);
  const reading = exportEvents(database);
  const first: unknown = reading.next().value;
  append(600);
  expect([first, ...reading]).toHaveLength(601);
});

test('text that is no Unicode is stored as text that every language can read', () => {
  write(database, (tx) =>
    appendEvent(tx, {
      type: 'gate.decided',
      at: clock.now(),
      actor,
      data: { note: 'half \ud83d of a pair\nand a line' },
    }),
  );
  expect(lines()[1]).toContain('half \ufffd of a pair\\nand a line');
  expect(verifyAudit(lines())).toMatchObject({ ok: true });
});

test('an event outside of the closed list is refused, and with it the change', () => {
  const wrong = () =>
    write(database, (tx) => appendEvent(tx, { type: 'run.improved' as never, at: 1, actor, data: {} }));
  expect(wrong).toThrow('run.started');
  expect(lines()).toHaveLength(1);
});

test('pages lead through all events of a run in both directions, each once', () => {
  append(3, 'a');
  append(5, 'b');
  append(4, 'a');
  const numbers = (forward: boolean): number[] => {
    const found: number[] = [];
    for (let from: number | null = forward ? -1 : 1_000_000; from !== null; ) {
      const page = listEvents(database.orm, { run: 'a', limit: 2, ...(forward ? { after: from } : { before: from }) });
      found.push(...page.events.map((event) => event.seq));
      from = page.next;
    }
    return found;
  };
  expect(numbers(true)).toEqual([1, 2, 3, 9, 10, 11, 12]);
  expect(numbers(false)).toEqual([12, 11, 10, 9, 3, 2, 1]);
});
