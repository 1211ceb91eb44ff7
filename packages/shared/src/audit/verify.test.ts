import { describe, expect, test } from 'vitest';
import { leafHash, noPrevious } from './leaf-hash.ts';
import { verifyAudit } from './verify.ts';

function logOf(count: number): string[] {
  const lines: string[] = [];
  let prev = noPrevious;
  for (let seq = 0; seq < count; seq += 1) {
    const line = JSON.stringify({
      v: 1,
      log: 'l',
      seq,
      at: '2026-11-22T12:00:00.000000Z',
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
    });
  });

  test.each([
    ['a changed word', (lines: string[]) => lines.map((line, i) => (i === 2 ? line.replace('cli', 'key') : line)), 4],
    [
      'another spelling of the same event',
      (lines: string[]) => lines.map((line, i) => (i === 2 ? `${line} ` : line)),
      4,
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
});
