/** The bytes that bodies may take in memory over all requests, from their announcement to their answer. */
export class InFlightBytes {
  #used = 0;
  limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes all of `bytes`, or nothing and answers false. */
  reserve(bytes: number): boolean {
    if (bytes > 0 && this.#used + bytes > this.limit) return false;
    this.#used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}
