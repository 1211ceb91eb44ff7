import { join } from 'node:path';
import { repositoryRoot } from '../structure/repository.ts';

const module = (...path: readonly string[]): string => join(repositoryRoot, 'node_modules', ...path);

/** The exact command lines of the tools, shared by the checks and by the test that plants violations for them. */
export const tools = {
  format: [module('@biomejs', 'biome', 'bin', 'biome'), 'ci', '--colors=off', '.'],
  lint: [module('oxlint', 'bin', 'oxlint')],
  types: [module('typescript', 'bin', 'tsc'), '-p', 'tsconfig.json', '--pretty', 'false'],
  imports: [
    module('dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
    '--config',
    '.dependency-cruiser.mjs',
    'packages',
    'scripts',
    'test',
  ],
  unused: [module('knip', 'bin', 'knip.js'), '--no-progress'],
  vitest: [module('vitest', 'vitest.mjs'), 'run'],
} as const;
