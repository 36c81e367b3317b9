/**
 * Each run that encrypts has a seal: a key of its own, derived from the configured one and a random salt, so that a
 * counter is enough of a nonce (see seals.ts). `first_event` is the number that the first event under it gets.
 */
export const SEALS = `
CREATE TABLE seals (
  seq INTEGER PRIMARY KEY,
  key_id TEXT NOT NULL,
  salt BLOB NOT NULL,
  proof BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  first_event INTEGER NOT NULL
) STRICT;
`;
