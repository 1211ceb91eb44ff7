import type { Planted } from './planted.ts';

const SRC = 'packages/api/src/planted';

/** One file per compiler option of tsconfig.base.json that refuses something; `rule` is the error the compiler must report. */
export const typeViolations: readonly Planted[] = [
  { rule: 'TS2322', path: `${SRC}/strict.ts`, text: 'export const text: string = null;\n' },
  {
    rule: 'TS2375',
    path: `${SRC}/exact-optional.ts`,
    text: 'export const x: { name?: string } = { name: undefined };\n',
  },
  {
    rule: 'TS2532',
    path: `${SRC}/unchecked-index.ts`,
    text: 'export const first = (list: readonly string[]): number => list[0].length;\n',
  },
  { rule: 'TS1294', path: `${SRC}/erasable.ts`, text: 'export enum Color {\n  red,\n}\n' },
  {
    rule: 'TS7030',
    path: `${SRC}/implicit-return.ts`,
    text: 'export function f(n: number) {\n  if (n > 1) return 1;\n}\n',
  },
  {
    rule: 'TS7029',
    path: `${SRC}/fallthrough.ts`,
    text: 'export function f(n: number): void {\n  switch (n) {\n    case 1:\n      f(2);\n    default:\n      f(3);\n  }\n}\n',
  },
  {
    rule: 'TS4114',
    path: `${SRC}/override.ts`,
    text: 'class A {\n  f(): void {}\n}\nexport class B extends A {\n  f(): void {}\n}\n',
  },
  { rule: 'TS6133', path: `${SRC}/unused-local.ts`, text: 'const n = 1;\nexport const m = 2;\n' },
  { rule: 'TS6133', path: `${SRC}/unused-parameter.ts`, text: 'export const f = (n: number): number => 1;\n' },
  { rule: 'TS7027', path: `${SRC}/unreachable.ts`, text: 'export function f(): number {\n  return 1;\n  f();\n}\n' },
  { rule: 'TS7028', path: `${SRC}/label.ts`, text: 'a: for (const n of [1]) void n;\nexport const m = 2;\n' },
  {
    rule: 'TS1484',
    path: `${SRC}/verbatim.ts`,
    text: "import { PathLike } from 'node:fs';\nexport const text = (path: PathLike): string => path.toString();\n",
  },
];
