/**
 * The bytes that bodies take in memory over all requests, from their arrival to their answer. What is only announced
 * does not count: a few idle connections could announce all there is.
 */
export class InFlightBytes {
  #used = 0;
  limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Whether there is room for so many bytes now. */
  fits(bytes: number): boolean {
    return bytes === 0 || this.#used + bytes <= this.limit;
  }

  /** Takes all of `bytes`, or nothing and answers false. */
  reserve(bytes: number): boolean {
    if (!this.fits(bytes)) return false;
    this.#used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}
