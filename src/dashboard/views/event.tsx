import { useCallback } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { Attempt, Delivery, DeliveryDetail, EventDetail, Page, Target } from '../api/types.ts';
import { placeOf } from '../location.ts';
import { EventType, Foreign, HeaderTable, Time, Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { useBody } from '../use-body.ts';
import { bytes, counted } from '../words/figures.ts';
import { Body } from './body.tsx';
import { DeliveryCard } from './delivery-card.tsx';
import { EventActions } from './event-actions.tsx';

interface Seen {
  event: EventDetail;
  deliveries: { delivery: Delivery; history: readonly Attempt[] }[];
  stops: ReadonlyMap<string, 'paused' | 'down'>;
}

const segment = encodeURIComponent;

async function look(id: string, signal: AbortSignal): Promise<Seen> {
  const [event, targets] = await Promise.all([
    get<EventDetail>(`events/${segment(id)}`, signal),
    get<Page<Target>>('targets', signal),
  ]);
  const stops = new Map(
    targets.data.flatMap(({ name, state }): [string, 'paused' | 'down'][] =>
      state === 'paused' ? [[name, 'paused']] : state === 'open' ? [[name, 'down']] : [],
    ),
  );
  const deliveries = event.deliveries.map(async (delivery) => {
    // The only attempt is the last one.
    if (delivery.attempts <= 1) return { delivery, history: delivery.lastAttempt === null ? [] : [delivery.lastAttempt] };
    const detail = await get<DeliveryDetail>(`deliveries/${segment(delivery.id)}`, signal);
    return { delivery: detail, history: detail.history };
  });
  return { event, deliveries: await Promise.all(deliveries), stops };
}

/** One event: what came in, and what became of it. */
export function EventView({ id }: { id: string }) {
  const load = useCallback((signal: AbortSignal) => look(id, signal), [id]);
  const { value, trouble, refresh } = usePolled(load);
  return (
    <>
      <p class="back">
        <a href="#/events">← Events</a>
      </p>
      <h1 tabIndex={-1}>{value === null ? 'Event' : <EventType type={value.event.type} />}</h1>
      <Trouble text={trouble} />
      {value !== null && <Seen {...value} onChange={refresh} />}
    </>
  );
}

function Seen({ event, deliveries, stops, onChange }: Seen & { onChange: () => void }) {
  const body = useBody(event);
  return (
    <>
      <EventActions event={event} body={body} onChange={onChange} />
      <Facts event={event} />
      <section aria-labelledby="deliveries">
        <h2 id="deliveries">Deliveries</h2>
        {deliveries.length === 0 && <p class="empty">The route had no target for this event.</p>}
        <ul class="stack">
          {deliveries.map(({ delivery, history }) => (
            <DeliveryCard
              key={delivery.id}
              delivery={delivery}
              history={history}
              stop={stops.get(delivery.target) ?? null}
              onChange={onChange}
            />
          ))}
        </ul>
      </section>
      <Body id={event.id} size={event.size} body={body} />
      <section aria-labelledby="headers">
        <h2 id="headers">Headers</h2>
        <div class="card flush">
          <HeaderTable headers={event.headers} caption="Headers of the request, in the order in which they came" />
        </div>
      </section>
    </>
  );
}

function Facts({ event }: { event: EventDetail }) {
  const { id, route, method, path, query, peer, receivedAt, dedupKey, contentType, size, sha256, duplicates, conflicts } = event;
  return (
    <dl class="facts card">
      <dt>Id</dt>
      <dd>
        <code>{id}</code>
      </dd>
      <dt>Received</dt>
      <dd>
        <Time at={receivedAt} /> from <code>{peer}</code>
      </dd>
      <dt>Request</dt>
      <dd>
        <code>
          {method} <Foreign text={query === '' ? path : `${path}?${query}`} />
        </code>
      </dd>
      <dt>Route</dt>
      <dd>
        <a href={placeOf(['events'], { route })}>{route}</a>
      </dd>
      <dt>Dedup key</dt>
      <dd>{dedupKey === null ? <span class="muted">none</span> : <code>{<Foreign text={dedupKey} />}</code>}</dd>
      <dt>Sent again</dt>
      <dd>
        {duplicates === 0 ? 'no' : `${counted(duplicates, 'time')}, acknowledged and not delivered again`}
        {conflicts > 0 && <b>, {counted(conflicts, 'time')} of these with another body</b>}
      </dd>
      <dt>Body</dt>
      <dd>
        {bytes(size)}, {contentType === null ? 'without a content type' : <Foreign text={contentType} />}
      </dd>
      <dt>SHA-256</dt>
      <dd>{sha256 === null ? <span class="muted">not shown, or not kept</span> : <code class="small">{sha256}</code>}</dd>
    </dl>
  );
}
