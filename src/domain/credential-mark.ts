/** Stands where a request carried the route's credential: the value itself is never stored and never passed on. */
export const CREDENTIAL_MARK = '[removed by hookbay]';
