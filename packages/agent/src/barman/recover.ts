import { z } from 'zod';
import { describeIssue, unknownOutput, type BarmanOutput } from './output.ts';

const recoverSchema = z.object({
  recovery_elapsed_time_seconds: z.number(),
  missing_files: z.array(z.string()).default([]),
});

export type RecoverVerdict =
  | { readonly ok: true; readonly seconds: number; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/**
 * Whether `barman recover` has succeeded: exit code 0 alone is not success (an inactive server gives 0 and no result before
 * 3.17), so the elapsed time must be there and no error.
 */
export function judgeRecover(exitCode: number | null, output: BarmanOutput, version: string): RecoverVerdict {
  if (output.errors.length > 0) return { ok: false, reason: output.errors.join('; ') };
  if (exitCode !== 0) return { ok: false, reason: `exit code ${exitCode} without an error in its output` };
  if (!('recovery_elapsed_time_seconds' in output.payload)) {
    return { ok: false, reason: `exit code 0 without a result: ${output.info.join('; ') || 'nothing was printed'}` };
  }
  const parsed = recoverSchema.safeParse(output.payload);
  if (!parsed.success) throw unknownOutput(JSON.stringify(output.payload), version, describeIssue(parsed.error));
  return { ok: true, seconds: parsed.data.recovery_elapsed_time_seconds, warnings: output.warnings };
}

/** Warnings about configuration are left out: the agent replaces all of it, `restore_command` included (3.4.0's texts). */
export function relevantWarnings(warnings: readonly string[]): string[] {
  return warnings.filter(
    (one) => !/'get-wal' is in|potentially dangerous|Some configuration files have not been saved/.test(one),
  );
}
