import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { z } from 'zod';

/** Passes a part of a request through its schema; every fault is reported at once, as JSON pointers. */
export function validate<T extends z.ZodType>(schema: T, value: unknown, part: 'body' | 'query' | 'path'): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(faultsOf).slice(0, 32);
  const first = errors[0];
  const where = first === undefined || first.pointer === '' ? '' : ` at ${first.pointer}`;
  throw new ProblemError(
    'validation-failed',
    `The ${part} does not fit${where}: ${first?.message ?? 'unknown fault'}`,
    {
      next: 'GET /openapi.json describes every request',
      facts: { in: part, errors },
    },
  );
}

function faultsOf(issue: z.core.$ZodIssue): { pointer: string; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerOf([...issue.path, key]),
      message: 'there is no such field',
    }));
  }
  return [{ pointer: pointerOf(issue.path), message: issue.message }];
}

/** RFC 6901, with what does not belong on a terminal left out. */
function pointerOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => `/${String(key).slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .replaceAll(/[^\x20-\x7e]/g, '?');
}
