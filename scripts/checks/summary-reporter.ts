import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import { SUMMARY_FILE_VARIABLE, type TestSummary } from './test-summary.ts';

/** Counts what vitest's own JSON reporter does not: why a test was skipped, and failures that belong to no test. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env[SUMMARY_FILE_VARIABLE];
    if (file !== undefined) writeFileSync(file, JSON.stringify(summarize(modules, unhandledErrors.length)));
  }
}

function summarize(modules: readonly TestModule[], unhandledErrors: number): TestSummary {
  const summary: TestSummary = { passed: 0, failed: unhandledErrors, skipped: [], unsteady: [] };
  for (const module of modules) {
    for (const owner of [module, ...module.children.allSuites()]) if (owner.errors().length > 0) summary.failed += 1;
    for (const test of module.children.allTests()) {
      const result = test.result();
      const name = `${module.relativeModuleId} > ${test.fullName}`;
      if (result.state === 'passed') {
        summary.passed += 1;
        if (test.diagnostic()?.flaky) summary.unsteady.push({ name, reason: firstLine(result.errors?.[0]?.message) });
      } else if (result.state === 'skipped') {
        summary.skipped.push({ name, reason: result.note ?? 'no reason given' });
      } else summary.failed += 1;
    }
  }
  return summary;
}

function firstLine(message: string | undefined): string {
  return message?.split('\n')[0] ?? 'no message';
}
