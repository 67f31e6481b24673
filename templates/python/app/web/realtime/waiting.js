/** Something that is awaited once, for a limited time, and settled from elsewhere. */
export class Waiting {
  #promise;
  #settle = null;

  constructor() {
    this.#promise = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever waits sees the rejection; without a waiter there is nothing to report.
    this.#promise.catch(() => undefined);
  }

  /** Whether it was still open. */
  resolve(value) {
    const wasOpen = this.#settle !== null;
    this.#settle?.resolve(value);
    this.#settle = null;
    return wasOpen;
  }

  /** Whether it was still open. */
  reject(error) {
    const wasOpen = this.#settle !== null;
    this.#settle?.reject(error);
    this.#settle = null;
    return wasOpen;
  }

  /** Rejects with what `late` makes when it is not settled in time. */
  async within(timeoutMs, late) {
    const timer = setTimeout(() => this.reject(late()), timeoutMs);
    try {
      return await this.#promise;
    } finally {
      clearTimeout(timer);
    }
  }
}
