import type { Database, Statement } from 'better-sqlite3';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { RouteBacklog } from './protocol.ts';

const TABLES = { event: 'events', delivery: 'deliveries', rejection: 'rejections', task: 'tasks' } as const;
export type SequenceName = keyof typeof TABLES;
const SEQUENCES = Object.keys(TABLES) as SequenceName[];

interface Delta {
  route: string;
  target: string;
  status: string;
  count: number;
}

/**
 * What a transaction counts: the next number of each sequence and how many deliveries of each kind there are.
 * Counts are gathered in memory and written once, before the commit. The next number is the one after the newest row;
 * it is written down only by those who remove rows or leave numbers out, because written with every commit it was one
 * of ten pages of log. Numbers are never given twice, also after deletes.
 * How many deliveries of each route are pending is known here as well, because the door asks for it at every request.
 */
export class Tallies {
  readonly #next: Record<SequenceName, number> = { event: 1, delivery: 1, rejection: 1, task: 1 };
  #saved: Record<SequenceName, number>;
  readonly #deltas = new Map<string, Delta>();
  readonly #pending: Map<string, number>;
  /** What the transaction has added to them. */
  readonly #pendingDeltas = new Map<string, number>();
  readonly #count: Statement;
  readonly #sequence: Statement;

  constructor(db: Database) {
    for (const name of SEQUENCES) this.#next[name] = nextNumber(db, name);
    this.#saved = { ...this.#next };
    const pending = db.prepare("SELECT route, sum(count) FROM delivery_counts WHERE status = 'pending' GROUP BY route").raw();
    this.#pending = new Map(pending.all() as RouteBacklog[]);
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
    this.#sequence.run(name, this.#next[name]);
  }

  /** To be called in the transaction that removes rows: the newest row may be among them. */
  saveNumbers(): void {
    for (const name of SEQUENCES) this.#sequence.run(name, this.#next[name]);
  }

  /** Pending deliveries by route, as they were after the last commit. */
  backlogs(): RouteBacklog[] {
    return [...this.#pending];
  }

  /** @param status `blocked` is counted beside `pending`, not instead of it */
  add(route: string, target: string, status: DeliveryStatus | 'blocked', count: number): void {
    if (status === 'pending') this.#pendingDeltas.set(route, (this.#pendingDeltas.get(route) ?? 0) + count);
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

  /** Brings the counts in the database up to date within the transaction: for who reads them there, and last of all. */
  write(): void {
    for (const { route, target, status, count } of this.#deltas.values()) {
      if (count !== 0) this.#count.run(route, target, status, count);
    }
    this.#deltas.clear();
  }

  /**
   * @returns what brings counts and numbers back to this point: nobody was told of what was taken since, and a number left out
   *   after the newest row would look at the next start as if its event had been lost
   */
  mark(): () => void {
    const nextBefore = { ...this.#next };
    const before = [...this.#deltas].map(([key, delta]) => [key, { ...delta }] as const);
    const pendingBefore = [...this.#pendingDeltas];
    return () => {
      Object.assign(this.#next, nextBefore);
      this.#deltas.clear();
      for (const [key, delta] of before) this.#deltas.set(key, delta);
      this.#pendingDeltas.clear();
      for (const [route, delta] of pendingBefore) this.#pendingDeltas.set(route, delta);
    };
  }

  /** The transaction is on disk. @returns the backlogs that it has changed */
  keep(): RouteBacklog[] {
    this.#saved = { ...this.#next };
    const changed: RouteBacklog[] = [];
    for (const [route, delta] of this.#pendingDeltas) {
      if (delta === 0) continue;
      const pending = (this.#pending.get(route) ?? 0) + delta;
      this.#pending.set(route, pending);
      changed.push([route, pending]);
    }
    this.#pendingDeltas.clear();
    return changed;
  }

  rollBack(): void {
    this.#deltas.clear();
    this.#pendingDeltas.clear();
    Object.assign(this.#next, this.#saved);
  }
}

/** The number after the newest row, or a higher one that was written down. */
export function nextNumber(db: Database, name: SequenceName): number {
  const saved = db.prepare('SELECT value FROM sequences WHERE name = ?').pluck().get(name) as number | undefined;
  const newest = db.prepare(`SELECT max(seq) FROM ${TABLES[name]}`).pluck().get() as number | null;
  return Math.max(saved ?? 1, (newest ?? 0) + 1);
}
