import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';

const messages = z.array(z.string()).optional();

/** What Barman adds beside every payload of `-f json`. */
const messagesSchema = z.object({
  _INFO: messages,
  _WARNING: messages,
  _ERROR: messages,
  _EXCEPTION: messages,
  _DEBUG: messages,
});

export interface BarmanOutput {
  /** The object without Barman's messages. */
  readonly payload: Record<string, unknown>;
  readonly info: readonly string[];
  readonly warnings: readonly string[];
  /** `_ERROR` and `_EXCEPTION`: with any of them the command has failed, whatever its exit code. */
  readonly errors: readonly string[];
}

/** Splits the JSON that Barman printed; throws barman-output-unknown on anything that is not one object. */
export function parseBarmanOutput(text: string, version: string): BarmanOutput {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unknownOutput(text, version, 'it is not JSON');
  }
  const found = messagesSchema.safeParse(value);
  if (!found.success || Array.isArray(value)) throw unknownOutput(text, version, 'it is not an object with messages');
  const { _INFO, _WARNING, _ERROR, _EXCEPTION, _DEBUG, ...payload } = value as Record<string, unknown>;
  return {
    payload,
    info: found.data._INFO ?? [],
    warnings: found.data._WARNING ?? [],
    errors: [...(found.data._ERROR ?? []), ...(found.data._EXCEPTION ?? [])],
  };
}

/** The payload's part of one server, by its schema. */
export function parseServerPart<T extends z.ZodType>(
  output: BarmanOutput,
  server: string,
  schema: T,
  version: string,
): z.infer<T> {
  const parsed = schema.safeParse(output.payload[server]);
  if (parsed.success) return parsed.data;
  throw unknownOutput(JSON.stringify(output.payload), version, describeIssue(parsed.error));
}

export function unknownOutput(text: string, version: string, reason: string): ProblemError {
  return new ProblemError('barman-output-unknown', `cannot read what Barman ${version} printed: ${reason}`, {
    next: 'report it with the version and the text in facts; Barback does not guess',
    facts: { barmanVersion: version, output: text.slice(0, 200) },
  });
}

export function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.join('.') || '(top)'}: ${issue.message}` : 'it does not fit';
}
