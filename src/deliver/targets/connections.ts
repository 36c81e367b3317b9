import type { Pool } from '../undici.ts';

/** The connections to a target. They can be exchanged for new ones while attempts run. */
export class Connections {
  readonly #make: () => Pool;
  /** Pools that are being closed, with the promise of it. */
  readonly #closing = new Map<Pool, Promise<void>>();
  #current: Pool;

  constructor(make: () => Pool) {
    this.#make = make;
    this.#current = make();
  }

  get current(): Pool {
    return this.#current;
  }

  /** New attempts get new connections, those that run finish on theirs. Nothing happens when this pool is not the current one. */
  replace(pool: Pool): void {
    if (pool !== this.#current || this.#closing.has(pool)) return;
    this.#current = this.#make();
    const closed = this.#close(pool);
    const forget = (): boolean => this.#closing.delete(pool);
    void closed.then(forget, forget);
  }

  /** Resolves when what runs has ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#closing.values(), this.#close(this.#current)]);
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#closing.keys(), this.#current].map((pool) => pool.destroy()));
  }

  #close(pool: Pool): Promise<void> {
    const closed = this.#closing.get(pool) ?? pool.close();
    this.#closing.set(pool, closed);
    return closed;
  }
}
