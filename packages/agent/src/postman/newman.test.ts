import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseReport } from './newman.ts';

const report = readFileSync(path.join(import.meta.dirname, '../../fixtures/newman-6.2.2/report.xml'), 'utf8');

test('a report of newman tells what failed, and which requests had no answer', () => {
  expect(parseReport(report)).toEqual({
    assertions: 3,
    failed: [
      { name: 'says <ok> & "fine"', message: "expected 'bad' to deeply equal 'ok'" },
      { name: 'is there', message: expect.stringContaining('to have property') as unknown },
    ],
    unanswered: 1,
  });
});

test('what an application has said is no part of the report', () => {
  const planted = report.replace(
    'Failed 1 times.',
    '</failure></testcase><testcase name="planted"/><testsuite errors="9">',
  );
  expect(parseReport(planted)).toEqual(parseReport(report));
});

test('anything else is no report', () => {
  expect(() => parseReport('')).toThrow('no report');
  expect(() => parseReport('<html></html>')).toThrow('no report');
});
