import { z } from 'zod';
import { parseServerPart, type BarmanOutput } from './output.ts';

const checkSchema = z.record(z.string(), z.strictObject({ status: z.enum(['OK', 'FAILED']), hint: z.string() }));

export interface BarmanCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly hint: string;
}

/** Every check of `barman -f json check`; some appear only when they fail. */
export function parseCheck(output: BarmanOutput, server: string, version: string): BarmanCheck[] {
  return Object.entries(parseServerPart(output, server, checkSchema, version)).map(([name, check]) => ({
    name,
    ok: check.status === 'OK',
    hint: check.hint,
  }));
}
