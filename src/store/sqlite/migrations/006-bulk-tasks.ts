/**
 * - A replay's items are deliveries, an export's are events: hence `item_seq`.
 * - `file_bytes` is how much of an export's file counts: what lies behind it was written and not yet recorded.
 * - `restarts` counts how often an export began anew, so that a step from before cannot be recorded after it.
 * - `callback_state` is `waiting` until the task's end was told (`told`) or could not be (`given_up`).
 * - `idempotency_keys` is written in the transaction that does the work: after a crash there is both or neither.
 */
export const BULK_TASKS = `
ALTER TABLE tasks ADD COLUMN error TEXT;
ALTER TABLE tasks ADD COLUMN callback_url TEXT;
ALTER TABLE tasks ADD COLUMN callback_state TEXT;
ALTER TABLE tasks ADD COLUMN file_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN file_dropped INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN restarts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task_items RENAME COLUMN delivery_seq TO item_seq;
CREATE TABLE idempotency_keys (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  body_sha256 TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  result TEXT NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
`;
