import type { Database } from 'better-sqlite3';

/** Sequence numbers that a table has: `bottom` <= seq < `top`. Of an empty one 1 and 1. */
export interface Bounds {
  bottom: number;
  top: number;
}

/**
 * Reads the bounds of a table. Each end by a query of its own: for `min` and `max` in one SQLite reads all rows, which with a
 * million of them kept the writer for a quarter of a second.
 */
export function boundsOf(db: Database, table: string): () => Bounds {
  const read = db.prepare(
    `SELECT coalesce((SELECT min(seq) FROM ${table}), 1) AS bottom, coalesce((SELECT max(seq) FROM ${table}), 0) + 1 AS top`,
  );
  return () => read.get() as Bounds;
}
