import type { z } from 'zod';
import type { Step } from './step.ts';

/** A kind of work: from what the operator wants and what was found out, to a list of steps. Pure. */
export interface Scenario<I extends z.ZodType, F> {
  readonly name: string;
  readonly title: string;
  /**
   * `copy`: live goes on as it is. `archive`: so do its data and every copy; how WAL reaches Barman changes, and Barman gets a base
   * backup. `live`: it is replaced, and what would harm that keeps a plan from starting.
   */
  readonly touches: 'copy' | 'archive' | 'live';
  /** How it is taken back, in a sentence. */
  readonly undo: string;
  /** `options` of `POST /v1/plans`. */
  readonly options: I;
  steps(options: z.output<I>, facts: F): readonly Step[];
}
