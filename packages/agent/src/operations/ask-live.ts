import type { z } from 'zod';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Host } from './handler.ts';

/** One statement of ours that returns one JSON value; in the configured database unless another is named. */
export interface LiveQuestion {
  readonly sql: string;
  readonly database?: string;
  readonly secret?: boolean;
}

/** Asks live; null when it is stopped or does not answer, which is a fact and no failure. */
export async function askIfAnswering<T extends z.ZodType>(
  host: Host,
  { sql, ...where }: LiveQuestion,
  schema: T,
  call: Call,
): Promise<z.infer<T> | null> {
  try {
    return await askJson({ ...liveServer(host), ...where }, sql, schema, call.signal);
  } catch (error) {
    if (call.signal.aborted) throw error;
    call.log(`live does not answer: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
