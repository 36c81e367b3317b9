/**
 * - `events` is what lists and searches scan, so it is narrow, and every bound column costs its append about 0.3 µs;
 *   head and body lie in `event_content`, the body as the last column, and can go before the event does.
 * - An event's row is also its dedup key's: with the content gone it stays until the key's window has passed.
 *   `dedup_keys` finds it by a hash; the newest keys are not in it yet (see dedup-index.ts).
 * - Deliveries made with their event have consecutive numbers from `first_delivery`, so that no index from
 *   event to delivery is paid for on the hot path; only replayed ones need `deliveries_replayed`.
 * - `deliveries_due` is partial and starts with the target: leasing past 995,000 pending rows of a paused
 *   target took 577 ms with an index on `due_at` alone, 0.2 ms with this one.
 * - `delivery_counts` is kept in the transactions that change it, so that no start and no scrape counts rows.
 */
export const INITIAL = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sequences (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  received_at INTEGER NOT NULL,
  route TEXT NOT NULL,
  type TEXT,
  dedup_key TEXT,
  key_expires_at INTEGER,
  duplicates INTEGER NOT NULL,
  conflicts INTEGER NOT NULL,
  gone INTEGER NOT NULL,
  first_delivery INTEGER NOT NULL,
  delivery_count INTEGER NOT NULL,
  size INTEGER NOT NULL,
  head_crc32 INTEGER NOT NULL,
  body_sha256 BLOB NOT NULL
) STRICT;
CREATE TABLE dedup_keys (hash INTEGER NOT NULL, event_seq INTEGER NOT NULL, PRIMARY KEY (hash, event_seq)) STRICT, WITHOUT ROWID;

CREATE TABLE event_content (seq INTEGER PRIMARY KEY, head BLOB NOT NULL, body BLOB NOT NULL) STRICT;

CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY,
  event_seq INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  route TEXT NOT NULL,
  target TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  due_at INTEGER,
  finished_at INTEGER,
  attempts INTEGER NOT NULL,
  budget_start INTEGER NOT NULL,
  next_trigger TEXT NOT NULL,
  replayed INTEGER NOT NULL,
  last_attempt TEXT
) STRICT;
CREATE INDEX deliveries_due ON deliveries (target, due_at) WHERE status = 'pending';
CREATE INDEX deliveries_waiting ON deliveries (status, target) WHERE status IN ('dead', 'held');
CREATE INDEX deliveries_replayed ON deliveries (event_seq) WHERE replayed = 1;

CREATE TABLE attempts (
  delivery_seq INTEGER NOT NULL,
  number INTEGER NOT NULL,
  attempt TEXT NOT NULL,
  PRIMARY KEY (delivery_seq, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery_counts (
  route TEXT NOT NULL,
  target TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (route, target, status)
) STRICT, WITHOUT ROWID;

CREATE TABLE paused_targets (name TEXT PRIMARY KEY, paused_at INTEGER NOT NULL, reason TEXT) STRICT, WITHOUT ROWID;

CREATE TABLE rejections (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  route TEXT,
  reason TEXT NOT NULL,
  explanation TEXT NOT NULL,
  peer TEXT NOT NULL,
  status INTEGER NOT NULL,
  headers TEXT NOT NULL,
  body_start TEXT NOT NULL
) STRICT;

CREATE TABLE tasks (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  request TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  matched INTEGER NOT NULL,
  done INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  position INTEGER NOT NULL
) STRICT;
CREATE TABLE task_items (
  task_seq INTEGER NOT NULL,
  position INTEGER NOT NULL,
  delivery_seq INTEGER NOT NULL,
  matched_as TEXT NOT NULL,
  PRIMARY KEY (task_seq, position)
) STRICT, WITHOUT ROWID;
`;
