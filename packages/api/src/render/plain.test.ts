import { expect, test } from 'vitest';
import { page, table } from './layout.ts';
import { nextActions } from './next-actions.ts';
import { plain } from './plain.ts';
import { progressBar } from './progress-bar.ts';
import { bytes, duration, instant } from './units.ts';

test('what could move, colour, reorder or hide text on a terminal is shown as its code', () => {
  expect(plain('a\u001b[31mb\r\n\tc\u0085d\u009be')).toBe('a\\u{1b}[31mb\\u{d}\\u{a}\\u{9}c\\u{85}d\\u{9b}e');
  expect(plain('\u202eevil\u2066\u200b\ufeff\u2028')).toBe('\\u{202e}evil\\u{2066}\\u{200b}\\u{feff}\\u{2028}');
  expect(plain('\ud800 x')).toBe('\\u{d800} x');
  expect(plain("naïve Größe 日本 🍸 'quote'")).toBe("naïve Größe 日本 🍸 'quote'");
});

test('a cell of a table cannot begin a line of its own', () => {
  expect(table(['A', 'B'], [['x\ny', '1']])).toBe('A        B\nx\\u{a}y  1\n');
});

test('a line to paste keeps a body in one shell word, whatever it contains', () => {
  const actions = nextActions([{ say: 'do', method: 'POST', path: '/v1/x', body: { sql: "it's $(x) `y` \\" } }]);
  expect(actions).toBe(
    `next\n  # do\n  curl -sS -H @operator.header --json '{"sql":"it'\\''s $(x) \`y\` \\\\"}' "$BARBACK/v1/x"\n`,
  );
});

test('sizes, durations and instants are written for people', () => {
  expect([bytes(0), bytes(1023), bytes(1536), bytes(5 * 1024 ** 3)]).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 GiB']);
  expect([0.42, 59.6, 61, 3600, 7300].map(duration)).toEqual(['0.4 s', '1 min', '1 min 1 s', '1 h', '2 h 1 min']);
  const now = 1_795_348_800_000_000;
  expect(instant('2026-11-22T11:55:00.5Z', now)).toBe('2026-11-22 11:55:00 UTC, 5 minutes ago');
  expect(instant('2026-11-22T13:00:00Z', now)).toBe('2026-11-22 13:00:00 UTC, in 1 hour');
  expect(instant(null, now)).toBe('-');
});

test('progress is a bar with bytes and rate, or only bytes without a total', () => {
  const half = { phase: 'copy', bytes: 512, totalBytes: 1024, bytesPerSecond: 2048, secondsLeft: 4000 };
  expect(progressBar(half)).toBe('copy [##########..........] 50 %, 512 B of 1.0 KiB, 2.0 KiB/s, 1 h 6 min left');
  expect(progressBar({ ...half, totalBytes: null, bytesPerSecond: 0 })).toBe('copy 512 B');
  expect(progressBar({ ...half, bytes: 4096 })).toContain('100 %');
});

test('an empty part of a page leaves no empty line', () => {
  expect(page('a', null, '', 'b\n')).toBe('a\n\nb\n');
});
