import type { Database, Statement } from 'better-sqlite3';
import type { DeliveryStatus } from '../../domain/delivery.ts';

const SEQUENCES = ['event', 'delivery', 'rejection', 'task'] as const;
export type SequenceName = (typeof SEQUENCES)[number];

interface Delta {
  route: string;
  target: string;
  status: string;
  count: number;
}

/**
 * What a transaction counts: the next number of each sequence and how many deliveries of each kind there are.
 * Gathered in memory and written once, before the commit; numbers are never given twice, also after deletes.
 */
export class Tallies {
  readonly #next: Record<SequenceName, number> = { event: 1, delivery: 1, rejection: 1, task: 1 };
  #saved: Record<SequenceName, number>;
  readonly #deltas = new Map<string, Delta>();
  readonly #count: Statement;
  readonly #sequence: Statement;

  constructor(db: Database) {
    const read = db.prepare('SELECT value FROM sequences WHERE name = ?').pluck();
    for (const name of SEQUENCES) this.#next[name] = (read.get(name) as number | undefined) ?? 1;
    this.#saved = { ...this.#next };
    this.#count = db.prepare(`INSERT INTO delivery_counts (route, target, status, count) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count`);
    this.#sequence = db.prepare(
      'INSERT INTO sequences (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    );
  }

  /** The number that the next row of the sequence will get. */
  peek(name: SequenceName): number {
    return this.#next[name];
  }

  /** Takes `count` consecutive numbers and returns the first. */
  take(name: SequenceName, count = 1): number {
    const first = this.#next[name];
    this.#next[name] += count;
    return first;
  }

  /** Leaves out numbers that were given once and are lost. */
  skipTo(name: SequenceName, next: number): void {
    this.#next[name] = Math.max(this.#next[name], next);
    this.#saved[name] = this.#next[name]; // a batch that fails must not bring them back
  }

  add(route: string, target: string, status: DeliveryStatus, count: number): void {
    const key = `${route}\n${target}\n${status}`;
    const delta = this.#deltas.get(key);
    if (delta === undefined) this.#deltas.set(key, { route, target, status, count });
    else delta.count += count;
  }

  move(route: string, target: string, from: DeliveryStatus, to: DeliveryStatus): void {
    if (from === to) return;
    this.add(route, target, from, -1);
    this.add(route, target, to, 1);
  }

  /** Brings the counts in the database up to date within the transaction, for who reads them there. */
  writeCounts(): void {
    for (const { route, target, status, count } of this.#deltas.values()) {
      if (count !== 0) this.#count.run(route, target, status, count);
    }
    this.#deltas.clear();
  }

  /** To be called inside the transaction, last. */
  write(): void {
    this.writeCounts();
    for (const name of SEQUENCES) {
      if (this.#next[name] !== this.#saved[name]) this.#sequence.run(name, this.#next[name]);
    }
  }

  /** @returns what brings the counts back to this point; a number that was taken stays taken */
  mark(): () => void {
    const before = [...this.#deltas].map(([key, delta]) => [key, { ...delta }] as const);
    return () => {
      this.#deltas.clear();
      for (const [key, delta] of before) this.#deltas.set(key, delta);
    };
  }

  keep(): void {
    this.#saved = { ...this.#next };
  }

  rollBack(): void {
    this.#deltas.clear();
    Object.assign(this.#next, this.#saved);
  }
}
