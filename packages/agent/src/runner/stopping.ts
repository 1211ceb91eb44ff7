import type { Contract, OperationClass } from '@barback/shared/operations/contract.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import type { z } from 'zod';

type Limits = Pick<Contract<OperationClass, z.ZodType, z.ZodType>, 'limitMs' | 'onCancel'>;

/** A handler that was told to stop gets this long for its own cleaning; its programs are ended within 10 s of it. */
const stopGraceMs = 30_000;

/** Why a job was told to stop. */
export type StopReason = 'cancel' | 'limit' | 'terminated';

/** Whether a reason stops this job, or it goes on to its end. */
export function stops(reason: StopReason, onCancel: Limits['onCancel']): boolean {
  return reason === 'limit' || onCancel === 'stop';
}

/** How a job that was stopped has ended. */
export function stoppedAs(
  reason: StopReason,
  op: string,
  limitMs: number,
): { state: 'failed' | 'cancelled'; problem: Problem } {
  switch (reason) {
    case 'cancel':
      return { state: 'cancelled', problem: problem('cancelled', `${op} was cancelled; its programs have ended`) };
    case 'limit':
      return {
        state: 'failed',
        problem: problem(
          'time-limit',
          `cannot finish ${op} within its limit of ${limitMs / 1000} s; its programs have ended`,
        ),
      };
    case 'terminated':
      return {
        state: 'failed',
        problem: problem('job-lost', `cannot finish ${op}: its runner was told to end, and its programs have ended`, {
          next: 'observe the job, then ask for it again if the host is not shutting down',
        }),
      };
  }
}

/** Why and when one job has to stop. */
export class Stopping {
  /** Resolves when a job that was told to stop has not stopped. */
  readonly overdue: Promise<undefined>;
  reason: StopReason | undefined;
  readonly #abort = new AbortController();
  #contract: Limits | undefined;
  #limit: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;
  #giveUp: (nothing: undefined) => void = () => undefined;

  constructor() {
    this.overdue = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
  }

  begin(contract: Limits): AbortSignal {
    this.#contract = contract;
    // setTimeout counts to 2^31 ms at most, 24 days: contracts stay far below.
    this.#limit = setTimeout(() => this.ask('limit'), contract.limitMs);
    if (this.reason) this.ask(this.reason);
    return this.#abort.signal;
  }

  ask(reason: StopReason): void {
    if (this.#abort.signal.aborted) return;
    this.reason = reason;
    if (!this.#contract || !stops(reason, this.#contract.onCancel)) return;
    this.#abort.abort();
    this.#grace = setTimeout(() => this.#giveUp(undefined), stopGraceMs);
  }

  end(): void {
    clearTimeout(this.#limit);
    clearTimeout(this.#grace);
  }
}
