/** Token ids that were seen, until they expire: a token acts once. Its loss at a restart is covered by the epoch. */
export class UsedTokens {
  readonly #capacity: number;
  readonly #expiryOf = new Map<string, number>();

  constructor(capacity = 100_000) {
    this.#capacity = capacity;
  }

  /** Marks an id as used until `expires` (seconds, the clock tolerance included). */
  use(id: string, expires: number, now: number): 'fresh' | 'used' | 'full' {
    this.#forgetExpired(now);
    if (this.#expiryOf.has(id)) return 'used';
    if (this.#expiryOf.size >= this.#capacity) return 'full';
    this.#expiryOf.set(id, expires);
    return 'fresh';
  }

  /** In the order of arrival; one that lives longer merely keeps those behind it a little longer, at most a minute. */
  #forgetExpired(now: number): void {
    for (const [id, expires] of this.#expiryOf) {
      if (expires > now) return;
      this.#expiryOf.delete(id);
    }
  }
}
