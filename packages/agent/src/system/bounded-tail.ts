/** Keeps the last bytes of a stream: the end says why a program failed. */
export class BoundedTail {
  readonly #bytesMax: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #truncated = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes > this.#bytesMax) {
      const first = this.#chunks[0];
      if (!first) return;
      const excess = this.#bytes - this.#bytesMax;
      this.#truncated = true;
      if (first.length <= excess) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(excess);
      this.#bytes -= Math.min(first.length, excess);
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
