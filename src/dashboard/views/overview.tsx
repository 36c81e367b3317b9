import { useCallback } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { ListedEvent, Page, Route, ShownConfig, Stats, Target } from '../api/types.ts';
import { placeOf } from '../location.ts';
import { EventType, Time, Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { publicAddress } from '../words/curl.ts';
import { count } from '../words/figures.ts';
import { FirstSteps } from './first-steps.tsx';
import { RouteCard } from './route-card.tsx';
import { TargetCard } from './target-card.tsx';

interface Seen {
  stats: Stats;
  targets: Target[];
  routes: Route[];
  newest: ListedEvent | null;
  base: string;
}

async function look(signal: AbortSignal): Promise<Seen> {
  const [stats, targets, routes, events, config] = await Promise.all([
    get<Stats>('stats', signal),
    get<Page<Target>>('targets', signal),
    get<Page<Route>>('routes', signal),
    get<Page<ListedEvent>>('events?limit=1', signal),
    get<ShownConfig>('config', signal),
  ]);
  return { stats, targets: targets.data, routes: routes.data, newest: events.data[0] ?? null, base: publicAddress(config) };
}

/** What there is, how it is, and how to send something. */
export function Overview() {
  const load = useCallback(look, []);
  const { value, trouble, refresh } = usePolled(load);
  return (
    <>
      <h1 tabIndex={-1}>Overview</h1>
      <Trouble text={trouble} />
      {value !== null && (
        <>
          <Totals {...value} />
          {value.newest === null && <FirstSteps route={value.routes[0]} base={value.base} />}
          <section aria-labelledby="targets">
            <h2 id="targets">Targets</h2>
            <ul class="cards">
              {value.targets.map((target) => (
                <TargetCard key={target.name} target={target} onChange={refresh} />
              ))}
            </ul>
          </section>
          <section aria-labelledby="routes">
            <h2 id="routes">Routes</h2>
            <ul class="cards wide">
              {value.routes.map((route) => (
                <RouteCard key={route.name} route={route} base={value.base} onChange={refresh} />
              ))}
            </ul>
          </section>
        </>
      )}
    </>
  );
}

function Totals({ stats: { totals, oldestDueAt }, newest }: Seen) {
  const figures = [
    { name: 'Delivered', value: totals.delivered ?? 0, place: placeOf(['events'], { status: 'delivered' }), tone: '' },
    { name: 'Pending', value: totals.pending ?? 0, place: placeOf(['events'], { status: 'pending' }), tone: 'pending' },
    { name: 'Dead letters', value: totals.dead ?? 0, place: placeOf(['dead-letters']), tone: 'dead' },
    { name: 'Held', value: totals.held ?? 0, place: placeOf(['events'], { status: 'held' }), tone: 'held' },
  ];
  return (
    <section aria-label="Deliveries in all">
      <ul class="totals">
        {figures.map(({ name, value, place, tone }) => (
          <li key={name}>
            <a href={place} class={value > 0 && tone !== '' ? `figure tone-${tone}` : 'figure'}>
              <span class="figure-value">{count(value)}</span>
              <span class="figure-name">{name}</span>
            </a>
          </li>
        ))}
      </ul>
      {newest !== null && (
        <p class="muted">
          Last event:{' '}
          <a href={placeOf(['events', newest.id])}>
            <EventType type={newest.type} />
          </a>{' '}
          on {newest.route} at <Time at={newest.receivedAt} />
          {oldestDueAt !== null && (
            <>
              . Oldest delivery due: <Time at={oldestDueAt} />
            </>
          )}
        </p>
      )}
    </section>
  );
}
