import { useEffect, useState } from 'preact/hooks';

/** Where the page is, from the address's fragment: `#/events/evt_1?status=dead`. */
export interface Location {
  /** Decoded parts of the path: `['events', 'evt_1']`. */
  path: readonly string[];
  query: URLSearchParams;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand
  }
}

export function parseFragment(fragment: string): Location {
  const [path = '', query = ''] = fragment.replace(/^#?\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

/** The link to a place of the page. */
export function placeOf(path: readonly string[], values: Record<string, string> = {}): string {
  const set = Object.entries(values).filter(([, value]) => value !== '');
  const query = set.length === 0 ? '' : `?${new URLSearchParams(set)}`;
  return `#/${path.map(encodeURIComponent).join('/')}${query}`;
}

export function useLocation(): Location {
  const [location, setLocation] = useState(() => parseFragment(window.location.hash));
  useEffect(() => {
    const update = (): void => setLocation(parseFragment(window.location.hash));
    window.addEventListener('hashchange', update);
    return () => window.removeEventListener('hashchange', update);
  }, []);
  return location;
}

/** Changes the address without a step in the browser's history: for filters, which change with every key. */
export function replacePlace(place: string): void {
  window.history.replaceState(null, '', place);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}
