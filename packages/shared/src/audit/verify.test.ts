import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leafHash, noPrevious } from './leaf-hash.ts';
import { verifyAudit } from './verify.ts';

function logOf(count: number, at = (_seq: number) => '2026-11-22T12:00:00.000000Z'): string[] {
  const lines: string[] = [];
  let prev = noPrevious;
  for (let seq = 0; seq < count; seq += 1) {
    const line = JSON.stringify({
      v: 1,
      log: 'l',
      seq,
      at: at(seq),
      type: seq === 0 ? 'log.opened' : 'key.created',
      actor: { kind: 'cli', id: 'x' },
      server: null,
      plan: null,
      run: null,
      step: null,
      attempt: null,
      data: { seq },
      prev,
    });
    prev = leafHash(line);
    lines.push(line);
  }
  return lines;
}

describe('an exported audit log', () => {
  test('verifies as it was written, and names its head', () => {
    const lines = logOf(5);
    expect(verifyAudit(lines)).toEqual({
      ok: true,
      log: 'l',
      events: 5,
      head: { seq: 4, leaf: leafHash(lines[4] ?? '') },
      notes: [],
    });
  });

  test.each([
    ['a changed word', (lines: string[]) => lines.map((line, i) => (i === 2 ? line.replace('cli', 'key') : line)), 4],
    [
      'another spelling of the same event',
      (lines: string[]) => lines.map((line, i) => (i === 2 ? `${line} ` : line)),
      3,
    ],
    ['an event left out', (lines: string[]) => lines.filter((_, i) => i !== 2), 3],
    ['the first event left out', (lines: string[]) => lines.slice(1), 1],
    ['two events exchanged', (lines: string[]) => [lines[0], lines[2], lines[1], lines[3], lines[4]], 2],
    ['an event put in twice', (lines: string[]) => [...lines.slice(0, 3), lines[2], ...lines.slice(3)], 4],
    ['a line that is no event', (lines: string[]) => [...lines, '{}'], 6],
    ['half a line', (lines: string[]) => [...lines.slice(0, 4), lines[4]?.slice(0, 40)], 5],
  ])('is refused with %s, naming the line', (_, change, line) => {
    expect(verifyAudit(change(logOf(5)) as string[])).toMatchObject({ ok: false, line });
  });

  test('is refused when its end was cut off, if somebody kept the head', () => {
    const lines = logOf(5);
    const known = { seq: 4, leaf: leafHash(lines[4] ?? '') };
    expect(verifyAudit(lines, known)).toMatchObject({ ok: true });
    expect(verifyAudit(lines.slice(0, 4), known)).toMatchObject({ ok: false, line: 0 });
    expect(verifyAudit(logOf(6), { seq: 4, leaf: noPrevious })).toMatchObject({ ok: false, line: 5 });
    expect(verifyAudit([])).toMatchObject({ ok: false });
  });

  test('verifies from the middle, for who has verified it that far before', () => {
    const lines = logOf(6);
    const start = { log: 'l', seq: 2, leaf: leafHash(lines[2] ?? '') };
    expect(verifyAudit(lines.slice(3), undefined, start)).toMatchObject({ ok: true, events: 3, head: { seq: 5 } });
    expect(verifyAudit(lines.slice(4), undefined, start)).toMatchObject({ ok: false, line: 1 });
  });

  test('is noted, not refused, where the clock was set back', () => {
    const lines = logOf(3, (seq) => (seq === 1 ? '2026-11-22T11:00:00.000000Z' : '2026-11-22T12:00:00.000000Z'));
    expect(verifyAudit(lines)).toMatchObject({ ok: true, notes: [expect.stringContaining('event 1')] });
  });

  test('is refused after any change of any single byte, at that line or at the next', () => {
    const lines = logOf(6);
    const head = { seq: 5, leaf: leafHash(lines[5] ?? '') };
    fc.assert(
      fc.property(fc.nat(5), fc.nat(), fc.integer({ min: 1, max: 255 }), (index, place, mask) => {
        const bytes = Buffer.from(lines[index] ?? '', 'latin1');
        bytes[place % bytes.length] = (bytes[place % bytes.length] ?? 0) ^ mask;
        const verdict = verifyAudit(lines.with(index, bytes.toString('latin1')), head);
        expect(verdict.ok).toBe(false);
        expect([index + 1, index + 2]).toContain(verdict.ok ? null : verdict.line);
      }),
      { numRuns: 500 },
    );
  });

  test('is refused after any removal, exchange or repetition of lines, and after any cut, given the head', () => {
    const lines = logOf(8);
    const head = { seq: 7, leaf: leafHash(lines[7] ?? '') };
    const permutation = fc.shuffledSubarray(lines, { minLength: 0 }).filter((some) => some.join() !== lines.join());
    const repetition = fc.tuple(fc.nat(7), fc.nat(8)).map(([from, to]) => lines.toSpliced(to, 0, lines[from] ?? ''));
    fc.assert(
      fc.property(fc.oneof(permutation, repetition), (changed) => {
        const verdict = verifyAudit(changed, head);
        const firstWrong = changed.findIndex((line, index) => line !== lines[index]);
        expect(verdict).toMatchObject({ ok: false, line: firstWrong < 0 ? 0 : firstWrong + 1 });
      }),
      { numRuns: 500 },
    );
  });
});
