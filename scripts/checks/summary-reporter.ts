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
  const summary = { passed: 0, failed: unhandledErrors, skipped: [] as { name: string; reason: string }[] };
  for (const module of modules) {
    for (const owner of [module, ...module.children.allSuites()]) if (owner.errors().length > 0) summary.failed += 1;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') summary.passed += 1;
      else if (result.state === 'skipped') {
        const name = `${module.relativeModuleId} > ${test.fullName}`;
        summary.skipped.push({ name, reason: result.note ?? 'no reason given' });
      } else summary.failed += 1;
    }
  }
  return summary;
}
