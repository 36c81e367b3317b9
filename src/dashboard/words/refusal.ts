/** Why a request was refused, for people who run the relay. */
const WORDS: Record<string, string> = {
  malformed_request: 'not well-formed HTTP',
  verification_failed: 'sender not verified',
  source_not_allowed: "address not among the route's sources",
  https_required: 'not sent over https',
  schema_refused: "body does not match the route's schema",
  rate_limited: 'more requests than the route takes',
  not_found: 'no route at this path',
  method_not_allowed: 'method not taken by the route',
  request_timeout: 'did not arrive in time',
  body_too_large: 'body too large',
  headers_too_large: 'headers too large',
  internal_error: 'the relay failed on it',
  in_flight_full: 'too much was coming in at once',
  storage_failing: 'the storage is failing',
  disk_full: 'the disk is full',
  wal_full: 'the write-ahead log is full',
  backlog_full: "too many of the route's deliveries are pending",
  commit_timeout: 'not stored in time',
  shutting_down: 'the relay is stopping',
  row_refused: 'could not be stored',
  starting: 'the relay is starting',
};

/** Those that have words, to choose from. */
export const REFUSALS: readonly string[] = Object.keys(WORDS);

/** A code that is not known here is shown as it is. */
export const refusalWords = (code: string): string => WORDS[code] ?? code.replaceAll('_', ' ');
