import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNodeTool } from './run-tool.ts';
import { SUMMARY_FILE_VARIABLE, TestSummary } from './test-summary.ts';
import { tools } from './tools.ts';

/** A project of vitest.config.ts. */
export interface TestProject {
  readonly name: 'unit' | 'end-to-end' | 'guards' | 'full';
  /** Test files at a time. */
  readonly workers: number;
}

/** Runs one project with its progress on this process's output. */
export async function runTests(project: TestProject): Promise<{ summary: TestSummary | undefined; code: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'barback-tests-'));
  try {
    const file = join(folder, 'summary.json');
    const argv = [...tools.vitest, '--project', project.name, `--maxWorkers=${project.workers}`];
    const plain: Record<string, string> = process.stdout.isTTY ? {} : { NO_COLOR: '1' };
    const { code } = await runNodeTool(argv, { env: { ...plain, [SUMMARY_FILE_VARIABLE]: file }, output: 'show' });
    return { summary: readSummary(file), code };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readSummary(file: string): TestSummary | undefined {
  try {
    return TestSummary.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // vitest ended before it could write one, which the tally counts as a failure.
    return undefined;
  }
}
