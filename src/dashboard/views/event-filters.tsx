import type { TargetedSubmitEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { DELIVERY_STATUSES } from '../../domain/delivery.ts';
import { addressOf, type EventsFilter, RANGES } from '../events-filter.ts';
import { placeOf, replacePlace } from '../location.ts';
import { Choice, Typed } from '../parts/fields.tsx';
import { useRouteNames } from '../route-names.ts';

/** What narrows the list of events; it stands in the address. */
export function EventFilters({ filter }: { filter: EventsFilter }) {
  const routes = useRouteNames(filter.route);
  const change = (changes: Partial<EventsFilter>): void =>
    replacePlace(placeOf(['events'], addressOf({ ...filter, ...changes })));
  return (
    <search>
      <div class="filters">
        <Typed label="Search" hint="id, dedup key or type" value={filter.q} onChange={(q) => change({ q })} />
        <Choice label="Route" none="all" value={filter.route} values={routes} onChange={(route) => change({ route })} />
        <Typed label="Type" hint="exact" value={filter.type} onChange={(type) => change({ type })} />
        <Choice
          label="Status"
          none="any"
          value={filter.status}
          values={DELIVERY_STATUSES}
          onChange={(status) => change({ status })}
        />
        <label>
          Time
          <select value={filter.range} onChange={(event) => change({ range: event.currentTarget.value })}>
            <option value="">any</option>
            {RANGES.map(({ name, label }) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
            <option value="custom">from … to …</option>
          </select>
        </label>
        {filter.range === 'custom' && (
          <>
            <Moment label="From" value={filter.from} onChange={(from) => change({ from })} />
            <Moment label="To" value={filter.to} onChange={(to) => change({ to })} />
          </>
        )}
      </div>
      <BodyField body={filter.body} onSearch={(body) => change({ body })} />
    </search>
  );
}

function Moment({ label, value, onChange }: { label: string; value: string; onChange: (local: string) => void }) {
  return (
    <label>
      {label}
      <input type="datetime-local" value={value} onChange={(event) => onChange(event.currentTarget.value)} />
    </label>
  );
}

/** A search that takes its time begins when it is asked for, not with every letter. */
function BodyField({ body, onSearch }: { body: string; onSearch: (body: string) => void }) {
  const [isOpen, setOpen] = useState(body !== '');
  const [text, setText] = useState(body);
  useEffect(() => setText(body), [body]);
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onSearch(text.trim());
  };
  return (
    <details class="body-search" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Search in bodies</summary>
      <form class="row" onSubmit={submit}>
        <input
          type="text"
          aria-label="In the body"
          value={text}
          placeholder={'a text, or JSON that it contains: {"user":{"id":7}}'}
          maxLength={4096}
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="main">
          Search bodies
        </button>
        {body !== '' && (
          <button type="button" onClick={() => onSearch('')}>
            Back to all events
          </button>
        )}
      </form>
    </details>
  );
}
