/** What operators did. */
export const AUDIT = `
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  peer TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT,
  status INTEGER NOT NULL,
  detail TEXT NOT NULL
) STRICT;
`;
