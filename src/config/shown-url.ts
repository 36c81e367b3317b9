/** What stands for something that is not shown. */
export const HIDDEN = '[hidden]';

/** A URL for logs and pages: user, password and the values of the query are hidden. */
export function shownUrl(url: string): string {
  const parsed = new URL(url);
  const credentials = parsed.username === '' && parsed.password === '' ? '' : `${HIDDEN}@`;
  const query = parsed.search.slice(1).split('&').filter(Boolean);
  const shownQuery = query.map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('='))}=${HIDDEN}` : HIDDEN));
  return `${parsed.protocol}//${credentials}${parsed.host}${parsed.pathname}${query.length > 0 ? `?${shownQuery.join('&')}` : ''}`;
}

/** A URL whose path is a credential, as those of chat services are: only the host is shown. */
export function shownHost(url: string): string {
  return `${new URL(url).origin}/${HIDDEN}`;
}

/** A part of a URL that is shorter than this hides too much of everything else when it is censored everywhere. */
const SHORTEST_QUERY_SECRET = 8;

/** The parts of a URL that are secret, in both spellings: as written and decoded. */
export function urlSecrets(url: string): string[] {
  const parsed = new URL(url);
  const raw = parsed.search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
  const parts = [parsed.password, ...[parsed.username, ...raw].filter((part) => part.length >= SHORTEST_QUERY_SECRET)];
  return parts.filter(Boolean).flatMap((part) => {
    const decoded = percentDecoded(part);
    return decoded === part ? [part] : [part, decoded];
  });
}

function percentDecoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
