import type { Planted } from './planted.ts';

const SRC = 'packages/api/src/planted';
const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** One file per rule that .oxlintrc.json names, and one for each of the two categories it switches on. */
export const lintViolations: readonly Planted[] = [
  {
    rule: 'typescript(no-floating-promises)',
    path: `${SRC}/floating.ts`,
    text: 'export function f(p: () => Promise<void>): void {\n  p();\n}\n',
  },
  {
    rule: 'typescript(no-misused-promises)',
    path: `${SRC}/misused.ts`,
    text: 'export function f(p: () => Promise<boolean>): number {\n  if (p()) return 1;\n  return 2;\n}\n',
  },
  {
    rule: 'typescript(await-thenable)',
    path: `${SRC}/thenable.ts`,
    text: 'export async function f(n: number): Promise<void> {\n  await n;\n}\n',
  },
  {
    rule: 'typescript(only-throw-error)',
    path: `${SRC}/thrown.ts`,
    text: "export function f(): never {\n  throw 'text';\n}\n",
  },
  {
    rule: 'typescript(switch-exhaustiveness-check)',
    path: `${SRC}/exhaustive.ts`,
    text: "export function f(k: 'a' | 'b'): void {\n  switch (k) {\n    case 'a':\n      break;\n  }\n}\n",
  },
  {
    rule: 'typescript(no-explicit-any)',
    path: `${SRC}/explicit.ts`,
    text: 'export type Anything = any;\n',
  },
  {
    rule: 'typescript(no-unsafe-argument)',
    path: `${SRC}/argument.ts`,
    text: 'export function f(text: string): number {\n  return Number.parseInt(JSON.parse(text), 10);\n}\n',
  },
  {
    rule: 'typescript(no-unsafe-assignment)',
    path: `${SRC}/assignment.ts`,
    text: 'export function f(text: string): void {\n  const value = JSON.parse(text);\n  void value;\n}\n',
  },
  {
    rule: 'typescript(no-unsafe-call)',
    path: `${SRC}/call.ts`,
    text: 'export function f(text: string): void {\n  JSON.parse(text)();\n}\n',
  },
  {
    rule: 'typescript(no-unsafe-function-type)',
    path: `${SRC}/function-type.ts`,
    text: 'export type Callback = Function;\n',
  },
  {
    rule: 'typescript(no-unsafe-member-access)',
    path: `${SRC}/member.ts`,
    text: 'export function f(text: string): void {\n  void JSON.parse(text).name;\n}\n',
  },
  {
    rule: 'typescript(no-unsafe-return)',
    path: `${SRC}/return.ts`,
    text: 'export function f(text: string): string {\n  return JSON.parse(text);\n}\n',
  },
  {
    rule: 'typescript(ban-ts-comment)',
    path: `${SRC}/comment.ts`,
    text: '// @ts-ignore\nexport const n: number = 1;\n',
  },
  {
    rule: 'typescript(consistent-type-imports)',
    path: `${SRC}/type-import.ts`,
    text: "import { Stats } from 'node:fs';\nexport const size = (s: Stats): number => s.size;\n",
  },
  {
    rule: 'typescript(restrict-template-expressions)',
    path: `${SRC}/template.ts`,
    text: 'export const f = (o: { a: number } | null): string => `${o}`;\n',
  },
  { rule: 'eslint(max-lines)', path: `${SRC}/long.ts`, text: `${lines(301, (n) => `export const n${n} = ${n};`)}\n` },
  {
    rule: 'eslint(max-lines-per-function)',
    path: `${SRC}/long-function.ts`,
    text: `export function f(a: number[]): void {\n${lines(60, (n) => `  a.push(${n});`)}\n}\n`,
  },
  {
    rule: 'eslint(max-params)',
    path: `${SRC}/params.ts`,
    text: 'export const f = (a: number, b: number, c: number, d: number, e: number): number => a + b + c + d + e;\n',
  },
  { rule: 'eslint(eqeqeq)', path: `${SRC}/equal.ts`, text: 'export const f = (a: number): boolean => a == 1;\n' },
  { rule: 'import(no-default-export)', path: `${SRC}/default.ts`, text: 'export default 1;\n' },
  { rule: 'oxc(no-barrel-file)', path: `${SRC}/barrel.ts`, text: "export * from './params.ts';\n" },
  { rule: 'unicorn(filename-case)', path: `${SRC}/CamelCase.ts`, text: 'export const n = 1;\n' },
  {
    rule: 'unicorn(prefer-node-protocol)',
    path: `${SRC}/protocol.ts`,
    text: "import { sep } from 'path';\nexport const s: string = sep;\n",
  },
  { rule: 'eslint(no-console)', path: `${SRC}/console.ts`, text: "console.log('hello');\nexport const n = 1;\n" },
  ...restrictedImports(),
  ...restrictedGlobals(),
  {
    rule: 'vitest(no-focused-tests)',
    path: `${SRC}/focused.test.ts`,
    text: "import { expect, test } from 'vitest';\ntest.only('is the only one', () => {\n  expect(1).toBe(1);\n});\n",
  },
  {
    rule: 'vitest(expect-expect)',
    path: `${SRC}/expects-nothing.test.ts`,
    text: "import { test } from 'vitest';\ntest('cannot fail', () => {\n  void process.pid;\n});\n",
  },
  {
    rule: 'vitest(valid-expect)',
    path: `${SRC}/forgets-to-compare.test.ts`,
    text: "import { expect, test } from 'vitest';\ntest('compares nothing', () => {\n  expect(1);\n});\n",
  },
  {
    rule: 'vitest(no-conditional-expect)',
    path: `${SRC}/conditional.test.ts`,
    text: "import { expect, test } from 'vitest';\ntest('may check nothing', () => {\n  if (process.pid > 1) expect(1).toBe(1);\n});\n",
  },
  {
    rule: 'eslint(no-restricted-properties)',
    path: `${SRC}/mocked.test.ts`,
    text: "import { expect, test, vi } from 'vitest';\nvi.mock('node:fs');\ntest('is mocked', () => {\n  expect(1).toBe(1);\n});\n",
  },
  // One for each category as a whole.
  {
    rule: 'eslint(no-constant-condition)',
    path: `${SRC}/category-correctness.ts`,
    text: 'export function f(): number {\n  if (true) return 1;\n  return 2;\n}\n',
  },
  {
    rule: 'eslint(preserve-caught-error)',
    path: `${SRC}/category-suspicious.ts`,
    text: "export function f(g: () => void): void {\n  try {\n    g();\n  } catch (error) {\n    throw new Error('cannot do it');\n  }\n}\n",
  },
];

function restrictedImports(): Planted[] {
  const rule = 'eslint(no-restricted-imports)';
  const use = (what: string): string => `import { ${what} } from 'node:child_process';\nexport const run = ${what};\n`;
  return [
    { rule, path: `${SRC}/shell-exec.ts`, text: use('exec') },
    { rule, path: `${SRC}/shell-exec-sync.ts`, text: use('execSync') },
    // The directory that may spawn may not start a shell either.
    { rule, path: 'packages/agent/src/system/shell.ts', text: use('exec') },
    {
      rule,
      path: `${SRC}/hooks.ts`,
      text: "import { performance } from 'node:perf_hooks';\nexport const now = (): number => performance.now();\n",
    },
  ];
}

function restrictedGlobals(): Planted[] {
  const rule = 'eslint(no-restricted-globals)';
  const properties = 'eslint(no-restricted-properties)';
  return [
    { rule, path: `${SRC}/date-now.ts`, text: 'export const now = (): number => Date.now();\n' },
    { rule, path: `${SRC}/new-date.ts`, text: 'export const now = (): string => new Date().toISOString();\n' },
    { rule, path: `${SRC}/performance.ts`, text: 'export const now = (): number => performance.now();\n' },
    { rule, path: `${SRC}/fetch.ts`, text: "export const get = async (): Promise<Response> => fetch('https://x');\n" },
    { rule: properties, path: `${SRC}/hrtime.ts`, text: 'export const now = (): bigint => process.hrtime.bigint();\n' },
    { rule: properties, path: `${SRC}/random.ts`, text: 'export const dice = (): number => Math.random();\n' },
  ];
}
