import { useEffect, useState } from 'preact/hooks';
import { get } from './api/client.ts';
import type { Page, Route } from './api/types.ts';

/** @param chosen is listed even if it is not configured any more */
export function useRouteNames(chosen: string): string[] {
  const [names, setNames] = useState<string[]>([]);
  useEffect(() => {
    const ended = new AbortController();
    get<Page<Route>>('routes', ended.signal).then(
      ({ data }) => setNames(data.map(({ name }) => name)),
      () => setNames([]), // The list itself says what is wrong.
    );
    return () => ended.abort();
  }, []);
  return chosen === '' || names.includes(chosen) ? names : [chosen, ...names];
}
