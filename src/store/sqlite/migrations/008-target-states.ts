/** Targets whose breaker is open, one row each: written when it opens, when a probe fails, and when it closes. */
export const TARGET_STATES = `
CREATE TABLE target_states (
  name TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  reason TEXT NOT NULL,
  probe_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
