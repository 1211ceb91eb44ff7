/** Samples older than this do not count. */
const windowMs = 5_000;

interface Sample {
  readonly bytes: number;
  readonly atMs: number;
}

/** Bytes per second over the last seconds, per phase: a mean over hours would hide a stall. */
export class Rate {
  #phase = '';
  #samples: Sample[] = [];

  add(phase: string, bytes: number, atMs: number): number {
    // Another phase counts other bytes, and bytes that shrink are a new count.
    if (phase !== this.#phase || bytes < (this.#samples.at(-1)?.bytes ?? 0)) this.#samples = [];
    this.#phase = phase;
    this.#samples.push({ bytes, atMs });
    while ((this.#samples[1]?.atMs ?? atMs) < atMs - windowMs) this.#samples.shift();
    const first = this.#samples[0];
    if (!first || atMs <= first.atMs) return 0;
    return ((bytes - first.bytes) * 1000) / (atMs - first.atMs);
  }
}
