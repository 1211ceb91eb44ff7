import type { z } from 'zod';
import type { Json } from '../wire/json.ts';

/** R reads · I establishes a desired state · A makes a fresh artefact · D destroys or replaces (DESIGN §1). */
export type OperationClass = 'R' | 'I' | 'A' | 'D';

/** What both sides agree on about one whitelisted operation. */
export interface Contract<C extends OperationClass, P extends z.ZodType, R extends z.ZodType> {
  readonly class: C;
  readonly params: P;
  readonly result: R;
  /** Wall-clock limit of one execution. */
  readonly limitMs: number;
  /** `stop`: a cancel ends the programs at once. `finish`: the job ends by itself first. */
  readonly onCancel: 'stop' | 'finish';
}

/** Keeps the literal types of a contract. */
export function defineContract<C extends OperationClass, P extends z.ZodType, R extends z.ZodType>(
  contract: Contract<C, P, R>,
): Contract<C, P, R> {
  return contract;
}

/** What the world says about an attempt whose outcome is unknown. */
export type Observed<R> =
  | { readonly is: 'absent' }
  | { readonly is: 'complete'; readonly result: R }
  | { readonly is: 'partial'; readonly facts: Json };

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
