import type { TestSummary } from './test-summary.ts';

/** What has been counted so far; checks and tests alike. */
export class Tally {
  passed = 0;
  failed = 0;
  readonly skipped: { readonly name: string; readonly reason: string }[] = [];
  readonly unsteady: { readonly name: string; readonly reason: string }[] = [];

  count(ok: boolean): void {
    if (ok) this.passed += 1;
    else this.failed += 1;
  }

  /**
   * Adds a vitest run, of which there may be no summary. An exit code other than 0 without a counted failure, and a run without
   * a single executed test, are failures: both mean that something was not looked at.
   * @returns why the run failed, or undefined if it did not.
   */
  countTests(summary: TestSummary | undefined, exitCode: number): string | undefined {
    if (summary === undefined) return this.#fail(`vitest ended with exit code ${exitCode} and without a summary`);
    this.passed += summary.passed;
    this.failed += summary.failed;
    this.skipped.push(...summary.skipped);
    this.unsteady.push(...summary.unsteady);
    if (summary.failed > 0) return `${summary.failed} failed`;
    if (exitCode !== 0) return this.#fail(`vitest ended with exit code ${exitCode} although no test failed`);
    if (summary.passed === 0) return this.#fail('not one test was executed');
    return undefined;
  }

  #fail(reason: string): string {
    this.failed += 1;
    return reason;
  }

  /** The last line that CI reads. */
  toString(): string {
    const skipped = this.skipped.length === 0 ? '' : `, ${this.skipped.length} skipped`;
    return `${this.passed} passed, ${this.failed} failed${skipped}`;
  }
}
