import type { Planted } from './planted.ts';

/** One file per way around each rule of .dependency-cruiser.mjs. */
export const importViolations: readonly Planted[] = [
  {
    rule: 'no-cycles',
    path: 'packages/shared/src/planted/cycle-a.ts',
    text: "import type { B } from './cycle-b.ts';\nexport interface A {\n  b?: B;\n}\n",
  },
  imports('must-resolve', 'packages/shared/src/planted/unresolved.ts', './nowhere.ts'),
  importsType('agent-not-to-api', 'packages/agent/src/planted/to-api.ts', '@barback/api/planted/innocent.ts'),
  imports('api-not-to-agent', 'packages/api/src/planted/to-agent.ts', '@barback/agent/planted/innocent.ts'),
  imports('shared-is-self-contained', 'packages/shared/src/planted/to-files.ts', 'node:fs'),
  imports('shared-is-self-contained', 'packages/shared/src/planted/to-path.ts', 'path'),
  imports('shared-is-self-contained', 'packages/shared/src/planted/to-agent.ts', '@barback/agent/planted/innocent.ts'),
  imports('agent-spawns-in-system-only', 'packages/agent/src/operations/spawns.ts', 'node:child_process'),
  imports('agent-spawns-in-system-only', 'packages/agent/src/jobs/spawns.ts', 'child_process'),
  imports('agent-touches-files-in-system-only', 'packages/agent/src/jobs/writes.ts', 'node:fs/promises'),
  imports('agent-touches-files-in-system-only', 'packages/agent/src/executor/reads.ts', 'node:fs'),
  imports('agent-rules-are-pure', 'packages/agent/src/barman/to-path.ts', 'node:path'),
  imports('agent-rules-are-pure', 'packages/agent/src/postgres/to-system.ts', '../planted/innocent.ts'),
  imports('api-never-spawns', 'packages/api/src/planted/spawns.ts', 'node:child_process'),
  imports('decisions-are-pure', 'packages/api/src/scenarios/to-files.ts', 'node:crypto'),
  imports('decisions-are-pure', 'packages/api/src/engine/decide.ts', '../planted/innocent.ts'),
  imports('routes-do-not-query', 'packages/api/src/routes/to-drizzle.ts', 'drizzle-orm'),
  imports('routes-do-not-query', 'packages/api/src/routes/to-sqlite.ts', 'better-sqlite3'),
  imports('nobody-imports-a-main', 'packages/api/src/planted/to-main.ts', '../main.ts'),
  imports('packages-not-to-test-or-scripts', 'packages/api/src/planted/to-test.ts', '../../../../test/lab/innocent.ts'),
  imports('shipped-code-uses-dependencies', 'packages/api/src/planted/to-dev.ts', 'vitest'),
  imports('shipped-code-uses-dependencies', 'packages/agent/src/planted/to-undeclared.ts', 'fast-check'),
  imports('only-tests-import-tests', 'packages/api/src/planted/to-a-test.ts', './some.test.ts'),
  imports('only-tests-import-testing', 'packages/api/src/planted/to-testing.ts', './testing/innocent.ts'),
];

/** The other half of the cycle: a cycle is reported once, for the file at which it was entered. */
export const cycleEnd: Omit<Planted, 'rule'> = {
  path: 'packages/shared/src/planted/cycle-b.ts',
  text: "import type { A } from './cycle-a.ts';\nexport interface B {\n  a?: A;\n}\n",
};

/** Files the ones above import, and correct ones that no rule may report. */
export const innocentFiles: readonly Omit<Planted, 'rule'>[] = [
  { path: 'packages/agent/src/planted/innocent.ts', text: 'export const innocent = 1;\n' },
  { path: 'packages/api/src/planted/innocent.ts', text: 'export const innocent = 1;\n' },
  { path: 'packages/api/src/planted/testing/innocent.ts', text: importing('fast-check') },
  { path: 'packages/shared/src/planted/innocent.ts', text: importing('zod') },
  { path: 'packages/api/src/main.ts', text: 'export const innocent = 1;\n' },
  { path: 'packages/api/src/planted/some.test.ts', text: importing('vitest') },
  { path: 'test/lab/innocent.ts', text: 'export const innocent = 1;\n' },
  { path: 'scripts/innocent.ts', text: 'export const innocent = 1;\n' },
  {
    path: 'packages/agent/src/system/spawns.ts',
    text: "import { spawn } from 'node:child_process';\nexport const run = spawn;\n",
  },
  { path: 'packages/agent/src/system/writes.ts', text: importing('node:fs/promises') },
  { path: 'packages/agent/src/barman/parses.ts', text: importing('@barback/shared/planted/innocent.ts') },
  { path: 'packages/shared/src/planted/digests.ts', text: importing('node:crypto') },
  { path: 'packages/api/src/scenarios/drill.ts', text: importing('@barback/shared/planted/innocent.ts') },
  { path: 'packages/api/src/routes/plans.ts', text: importing('hono') },
  { path: 'packages/api/src/db/store.ts', text: importing('better-sqlite3') },
];

function importing(what: string): string {
  return `import * as it from '${what}';\nexport const seen = it;\n`;
}

function imports(rule: string, path: string, what: string): Planted {
  return { rule, path, text: importing(what) };
}

function importsType(rule: string, path: string, what: string): Planted {
  return { rule, path, text: `import type * as it from '${what}';\nexport type Seen = typeof it;\n` };
}
