import type { z } from 'zod';
import type { Step } from './step.ts';

/** A kind of work: from what the operator wants and what was found out, to a list of steps. Pure. */
export interface Scenario<I extends z.ZodType, F> {
  readonly name: string;
  readonly title: string;
  /** `options` of `POST /v1/plans`. */
  readonly options: I;
  steps(options: z.output<I>, facts: F): readonly Step[];
}
