import type { Progress } from '@barback/shared/wire/job.ts';
import { monotonicMs, nowMicros } from '../system/clock.ts';
import { replaceVolatile } from '../system/files.ts';
import { Rate } from './rate.ts';

/** Progress is written at most this often. */
const intervalMs = 250;

/** The newest progress of a job in its file; what comes too fast is dropped, except the last before a pause. */
export class ProgressFile {
  readonly #file: string;
  readonly #rate = new Rate();
  #pending: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(file: string) {
    this.#file = file;
  }

  report(phase: string, bytes: number, totalBytes: number | null): void {
    const now = monotonicMs();
    this.#pending = {
      phase: phase.slice(0, 64),
      bytes: Math.max(0, Math.round(bytes)),
      totalBytes: totalBytes === null ? null : Math.max(0, Math.round(totalBytes)),
      bytesPerSecond: Math.round(this.#rate.add(phase, bytes, now)),
      at: nowMicros(),
    };
    const wait = this.#lastAt + intervalMs - now;
    if (wait <= 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), wait);
  }

  /** Writes what is pending and waits for it. */
  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const progress = this.#pending;
    if (!progress) return;
    this.#pending = undefined;
    this.#lastAt = monotonicMs();
    // A disk without room must not fail the job for its progress; the result says what matters.
    this.#writing = this.#writing
      .then(() => replaceVolatile(this.#file, JSON.stringify(progress)))
      .catch(() => undefined);
  }
}
