import { expect, test } from 'vitest';
import { textViolations } from './text-violations.ts';

// Put together here so that this file does not contain what it tests for.
const ELL = ['e', 'l', 'l'].join('');
const SUPPRESSION = ['oxlint', 'disable', 'next', 'line'].join('-');

test('names the rule, the file and the line', () => {
  const text = `const ok = 1;\nspawn('ls', [], { sh${ELL}: '/bin/sh' });\n`;
  const [violation, ...others] = textViolations('packages/agent/src/x.ts', text);
  expect(others).toEqual([]);
  expect(violation).toMatchObject({ rule: 'no-shell', path: 'packages/agent/src/x.ts', line: 2 });
});

test('accepts what only looks like a violation', () => {
  const text = `// ${SUPPRESSION} no-console -- the command line interface prints\nspawn('ls', [], { shell: false });\n`;
  expect(textViolations('packages/agent/src/accommodate/restore-services-list.md', text)).toEqual([]);
  expect(textViolations('packages/agent/src/commonly.ts', text)).toEqual([]);
});
