/** The window is cut into this many parts; the oldest one goes as a whole, so what is counted is 90 to 100 % of the window. */
const PARTS = 10;

/** Counts attempts and failures of the last while. Nothing is allocated for an attempt. */
export class AttemptWindow {
  readonly #partMs: number;
  readonly #attempts = new Uint32Array(PARTS);
  readonly #failures = new Uint32Array(PARTS);
  #newest = 0;
  #sumAttempts = 0;
  #sumFailures = 0;

  /** @param lengthMs length of the window */
  constructor(lengthMs: number) {
    this.#partMs = lengthMs / PARTS;
  }

  get attempts(): number {
    return this.#sumAttempts;
  }

  get failures(): number {
    return this.#sumFailures;
  }

  /** @param now monotonic ms */
  add(now: number, failed: boolean): void {
    this.#moveTo(Math.floor(now / this.#partMs));
    const part = this.#newest % PARTS;
    this.#attempts[part] = (this.#attempts[part] ?? 0) + 1;
    this.#sumAttempts += 1;
    if (!failed) return;
    this.#failures[part] = (this.#failures[part] ?? 0) + 1;
    this.#sumFailures += 1;
  }

  clear(): void {
    this.#attempts.fill(0);
    this.#failures.fill(0);
    this.#sumAttempts = 0;
    this.#sumFailures = 0;
  }

  #moveTo(newest: number): void {
    if (newest <= this.#newest) return;
    if (newest - this.#newest >= PARTS) this.clear();
    else
      for (let index = this.#newest + 1; index <= newest; index += 1) {
        const part = index % PARTS;
        this.#sumAttempts -= this.#attempts[part] ?? 0;
        this.#sumFailures -= this.#failures[part] ?? 0;
        this.#attempts[part] = 0;
        this.#failures[part] = 0;
      }
    this.#newest = newest;
  }
}
