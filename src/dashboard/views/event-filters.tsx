import { useEffect, useState } from 'preact/hooks';
import { DELIVERY_STATUSES } from '../../domain/delivery.ts';
import { get } from '../api/client.ts';
import type { Page, Route } from '../api/types.ts';
import { placeOf, replacePlace } from '../location.ts';

/** As it stands in the address, so that a filtered list can be sent to somebody. */
export interface EventsFilter {
  route: string;
  type: string;
  status: string;
  q: string;
}

export function filterOf(query: URLSearchParams): EventsFilter {
  const value = (name: string): string => query.get(name) ?? '';
  const status = DELIVERY_STATUSES.find((known) => known === query.get('status')) ?? '';
  return { route: value('route'), type: value('type'), status, q: value('q') };
}

export const isEmptyFilter = (filter: EventsFilter): boolean => Object.values(filter).every((value) => value === '');

/** After the last key, so that not every letter is a search. */
const TYPING_MS = 300;

export function EventFilters({ filter }: { filter: EventsFilter }) {
  const routes = useRouteNames(filter.route);
  const change = (changes: Partial<EventsFilter>): void => replacePlace(placeOf(['events'], { ...filter, ...changes }));
  return (
    <search class="filters">
      <label>
        Route
        <select value={filter.route} onChange={(event) => change({ route: event.currentTarget.value })}>
          <option value="">all</option>
          {routes.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        Status
        <select value={filter.status} onChange={(event) => change({ status: event.currentTarget.value })}>
          <option value="">any</option>
          {DELIVERY_STATUSES.map((status) => (
            <option key={status}>{status}</option>
          ))}
        </select>
      </label>
      <Typed label="Type" hint="exact" value={filter.type} onChange={(type) => change({ type })} />
      <Typed label="Search" hint="id, dedup key or type" value={filter.q} onChange={(q) => change({ q })} />
    </search>
  );
}

function Typed({
  label,
  hint,
  value,
  onChange,
}: {
  label: string;
  hint: string;
  value: string;
  onChange: (text: string) => void;
}) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  // Only typing starts the clock.
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label>
      {label}
      <input
        type="search"
        value={text}
        placeholder={hint}
        maxLength={256}
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}

/** @param chosen is listed even if it is not configured any more */
function useRouteNames(chosen: string): string[] {
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
