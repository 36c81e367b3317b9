/** Secrets that senders handed over in a handshake, while an operator had armed their route. */
export const LEARNED_SECRETS = `
CREATE TABLE learned_secrets (
  route TEXT NOT NULL,
  secret TEXT NOT NULL,
  learned_at INTEGER NOT NULL,
  PRIMARY KEY (route, secret)
) STRICT, WITHOUT ROWID;
`;
