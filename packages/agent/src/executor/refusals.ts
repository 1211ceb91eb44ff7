import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { problemTypeOf, type Problem } from '@barback/shared/wire/problem.ts';
import { nowMicros, monotonicMs } from '../system/clock.ts';
import { appendRotating } from '../system/files.ts';
import type { RequestNames } from './receipt.ts';

const fileBytesMax = 8 * 1024 * 1024;
/** Lines for requests that nobody signed: this many at once, refilled at this rate. */
const burst = 100;
const perSecond = 10;
const flushMs = 10_000;

/** The record of everything refused. Unauthenticated floods become a count, so that they cannot fill the disk or hide others. */
export class Refusals {
  readonly #file: string;
  #writing: Promise<void> = Promise.resolve();
  #credit = burst;
  #creditAt = monotonicMs();
  #suppressed = 0;
  #flush: NodeJS.Timeout | undefined;
  readonly #flushMs: number;

  constructor(file: string, suppressedFlushMs: number = flushMs) {
    this.#file = file;
    this.#flushMs = suppressedFlushMs;
  }

  /** `line` is what arrived: only its length and, for the gateway's own notes, its text are kept. */
  async unauthenticated(line: string): Promise<void> {
    const now = monotonicMs();
    this.#credit = Math.min(burst, this.#credit + ((now - this.#creditAt) / 1000) * perSecond);
    this.#creditAt = now;
    if (this.#credit < 1) {
      this.#suppressed += 1;
      if (!this.#flush) this.#flush = setTimeout(() => void this.#writeSuppressed(), this.#flushMs).unref();
      return;
    }
    this.#credit -= 1;
    const note = /^![a-z0-9-]{1,32}$/.test(line) ? { note: line.slice(1) } : {};
    await this.#append({ refused: 'invalid-token', authentic: false, bytes: line.length, ...note });
  }

  async authentic(kid: string, names: RequestNames, problem: Problem): Promise<void> {
    await this.#append({
      refused: problemTypeOf(problem) ?? problem.type,
      authentic: true,
      kid,
      issuer: names.issuer,
      jti: names.jti,
      op: names.op,
      opid: names.opid,
      detail: problem.detail.slice(0, 1000),
    });
  }

  async #writeSuppressed(): Promise<void> {
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    this.#flush = undefined;
    await this.#append({ refused: 'invalid-token', authentic: false, suppressed });
  }

  async #append(entry: Record<string, unknown>): Promise<void> {
    const text = `${JSON.stringify({ at: formatInstant(nowMicros()), ...entry })}\n`;
    // One after the other: two rotations at once would lose a file.
    this.#writing = this.#writing.then(() => appendRotating(this.#file, text, fileBytesMax)).catch(reportOnce);
    await this.#writing;
  }
}

function reportOnce(error: unknown): void {
  process.stderr.write(`cannot record a refusal: ${error instanceof Error ? error.message : String(error)}\n`);
}
