import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { repositoryRoot } from '../structure/repository.ts';
import { runNodeTool } from './run-tool.ts';
import { SUMMARY_FILE_VARIABLE, TestSummary } from './test-summary.ts';
import { tools } from './tools.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'barback-reporter-'));
  symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  const reporter = JSON.stringify(join(import.meta.dirname, 'summary-reporter.ts'));
  const config = `import { SummaryReporter } from ${reporter};\nexport default { test: { reporters: [new SummaryReporter()] } };\n`;
  writeFileSync(join(folder, 'vitest.config.ts'), config);
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Runs vitest over these test files, each given without its import line. */
async function summaryOf(files: Readonly<Record<string, string>>): Promise<TestSummary> {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(
      join(folder, `${name}.test.ts`),
      `import { beforeAll, describe, expect, test } from 'vitest';\n${text}\n`,
    );
  }
  const summary = join(folder, 'summary.json');
  await runNodeTool([...tools.vitest], { cwd: folder, env: { [SUMMARY_FILE_VARIABLE]: summary } });
  return TestSummary.parse(JSON.parse(readFileSync(summary, 'utf8')));
}

test('counts passed and failed tests, and says why others were skipped', async () => {
  const summary = await summaryOf({
    mixed: `test('good', () => expect(1).toBe(1));
test('bad', () => expect(1).toBe(2));
describe('group', () => { test('absent', ({ skip }) => skip('no arm64 machine')); });
test.skip('silent', () => undefined);`,
  });
  expect(summary).toEqual({
    passed: 1,
    failed: 1,
    skipped: [
      { name: 'mixed.test.ts > group > absent', reason: 'no arm64 machine' },
      { name: 'mixed.test.ts > silent', reason: 'no reason given' },
    ],
    unsteady: [],
  });
});

test('counts what belongs to no test: files that do not load, hooks that fail, errors that nobody awaited', async () => {
  const good = "test('good', () => expect(1).toBe(1));";
  const summary = await summaryOf({
    broken: "import './nowhere.ts';",
    empty: '',
    hook: `describe('group', () => { beforeAll(() => { throw new Error('no lab'); }); ${good} });`,
    stray: `test('starts it', async () => { void Promise.reject(new Error('stray')); await new Promise((r) => setTimeout(r, 50)); });`,
  });
  expect({ ...summary, skipped: summary.skipped.length }).toEqual({ passed: 1, failed: 4, skipped: 1, unsteady: [] });
});

test('names what passed only when it was run again, with what failed first', async () => {
  const summary = await summaryOf({
    race: `let runs = 0;
test('second time lucky', { retry: 1 }, () => { runs += 1; expect(runs).toBe(2); });
test('never', { retry: 1 }, () => expect(1).toBe(2));`,
  });
  expect(summary).toMatchObject({
    passed: 1,
    failed: 1,
    unsteady: [
      { name: 'race.test.ts > second time lucky', reason: expect.stringContaining('expected 1 to be 2') as string },
    ],
  });
});
