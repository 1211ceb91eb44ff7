import type { Planted } from './planted.ts';

/**
 * A program in which two files, one export, one type and (in package.json) hono are used by nothing. Packages export every file
 * to each other, so for the tool no file of theirs is unused, only everything in it.
 */
export const unusedThings: readonly Omit<Planted, 'rule'>[] = [
  {
    path: 'packages/api/src/main.ts',
    text: "import { used } from './planted/used-file.ts';\nprocess.stdout.write(used);\n",
  },
  {
    path: 'packages/api/src/planted/used-file.ts',
    text: "export const used = 'a';\nexport const unusedExport = 'b';\nexport type UnusedType = string;\n",
  },
  { path: 'test/lab/unused-file.ts', text: 'export const n = 1;\n' },
  { path: 'packages/api/src/planted/unused-file.ts', text: 'export const n = 1;\n' },
];
