import { lookAt, readBacklog, type LookOptions } from './look-at.ts';
import { loadWal } from './wal-store.ts';

export interface CatchUp {
  /** Compare every archived file with what was read. */
  readonly sweep?: boolean;
  /** Also read what is older than the newest backup. */
  readonly all?: boolean;
  /** A look that began within the last so many milliseconds will do, whatever came of it. */
  readonly maxAgeMs?: number;
  readonly limitMs: number;
}

/** All files are compared with what was read this often. */
const sweepEveryMicros = 10 * 60 * 1_000_000;
/** A look that takes longer goes on at the next one: each batch that was read is kept. */
const lookMs = 60_000;
const retryMaxMs = 5 * 60_000;

/** The looks at one server, one after the other. */
export class ServerWatch {
  readonly #options: LookOptions;
  readonly #server: string;
  readonly #stopping: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #wasFresh = false;
  /** Reading of old segments, which gives way to whoever asks about now. */
  #backlog: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LookOptions, server: string, stopping: AbortSignal) {
    this.#options = options;
    this.#server = server;
    this.#stopping = stopping;
  }

  /**
   * Looks now; answers true when the index is as fresh as this moment, false when that took longer than the limit. Throws
   * ProblemError when the agent cannot tell.
   */
  async catchUp({ sweep = false, all = false, maxAgeMs = 0, limitMs }: CatchUp): Promise<boolean> {
    if (this.#isYoung(maxAgeMs)) return this.#wasFresh;
    const interrupted = this.#backlog;
    interrupted?.abort();
    const limit = AbortSignal.timeout(limitMs);
    const signal = AbortSignal.any([this.#stopping, limit]);
    const looked = this.#enqueue(async () =>
      // Another one may have looked while this one waited for its turn.
      this.#isYoung(maxAgeMs) ? this.#wasFresh : await this.#look({ sweep, all, signal }),
    );
    // That the agent cannot read is told by the look, and by the next round.
    if (interrupted) this.#readBacklog().catch(() => undefined);
    const overdue = new Promise<false>((resolve) => {
      limit.addEventListener('abort', () => resolve(false), { once: true });
    });
    return Promise.race([looked, overdue]);
  }

  /** Looks again and again, with `everyMs` in between and longer after failures. */
  async watch(everyMs: number, failures = 0): Promise<void> {
    const failed = (await this.#round()) ? 0 : failures + 1;
    if (this.#stopping.aborted) return;
    const pause = Math.min(retryMaxMs, everyMs * 2 ** Math.min(failed, 10));
    this.#timer = setTimeout(() => void this.watch(everyMs, failed), pause).unref();
  }

  /** After `stopping` was aborted: resolves when nothing is under way. */
  async stopped(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#last;
  }

  async #round(): Promise<boolean> {
    const { database, clock } = this.#options;
    const { state } = loadWal(database.orm, this.#server);
    const sweep = clock.now() - (state.sweptTo ?? 0) > sweepEveryMicros;
    const signal = AbortSignal.any([this.#stopping, AbortSignal.timeout(lookMs)]);
    try {
      await this.#enqueue(() => this.#look({ sweep, all: false, signal }));
      await this.#readBacklog();
      return true;
    } catch {
      // Taken down by the look itself.
      return false;
    }
  }

  /** Gives way to a look, which lets it go on afterwards. */
  async #readBacklog(): Promise<void> {
    const backlog = new AbortController();
    this.#backlog = backlog;
    const signal = AbortSignal.any([this.#stopping, backlog.signal, AbortSignal.timeout(lookMs)]);
    try {
      await this.#enqueue(() => readBacklog(this.#options, this.#server, signal));
    } finally {
      if (this.#backlog === backlog) this.#backlog = undefined;
    }
  }

  async #look(wish: { sweep: boolean; all: boolean; signal: AbortSignal }): Promise<boolean> {
    const began = this.#options.clock.now();
    this.#wasFresh = false;
    try {
      this.#wasFresh = await lookAt(this.#options, this.#server, wish);
      return this.#wasFresh;
    } finally {
      if (!wish.signal.aborted) this.#lookedAt = began;
    }
  }

  #isYoung(maxAgeMs: number): boolean {
    const age = (this.#options.clock.now() - this.#lookedAt) / 1000;
    // A clock that was set back makes nothing young.
    return age >= 0 && age < maxAgeMs;
  }

  #enqueue<T>(job: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(job, job);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
