/**
 * - `ordering_key` stays on the delivery for as long as it is kept; NULL for those that wait for nobody.
 * - `delivery_order` has the deliveries of a key that have not ended, and the dead ones that block it: the first one goes,
 *   the others wait. A table and not a partial index, because an index would go through every row of `deliveries` once;
 *   it stays as small as what is unfinished. `delay_ms` is what one that waits is to be kept from its acceptance on.
 * - `ordered_targets` is what a dead letter does to the ones behind it, as it was when the deliveries were last brought in
 *   line with the configuration: only where that has changed are they looked at.
 */
export const DELIVERY_ORDER = `
ALTER TABLE deliveries ADD COLUMN ordering_key TEXT;
CREATE TABLE delivery_order (
  target TEXT NOT NULL,
  ordering_key TEXT NOT NULL,
  delivery_seq INTEGER NOT NULL,
  delay_ms INTEGER NOT NULL,
  PRIMARY KEY (target, ordering_key, delivery_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE ordered_targets (name TEXT PRIMARY KEY, on_dead TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;
