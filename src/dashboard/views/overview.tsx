import { useCallback } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { ListedEvent, Page, Route, ShownConfig, Stats, Target } from '../api/types.ts';
import { WindowChoice } from '../charts/window-choice.tsx';
import { placeOf } from '../location.ts';
import { Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { useFigures, windowOf } from '../series.ts';
import { publicAddress, takesCurl } from '../words/curl.ts';
import { FirstSteps } from './first-steps.tsx';
import { RouteCard } from './route-card.tsx';
import { TargetCard } from './target-card.tsx';
import { Totals } from './totals.tsx';
import { Traffic } from './traffic.tsx';

interface Present {
  stats: Stats;
  targets: Target[];
  routes: Route[];
  newest: ListedEvent | null;
  base: string;
}

async function look(signal: AbortSignal): Promise<Present> {
  const [stats, targets, routes, events, config] = await Promise.all([
    get<Stats>('stats?window=5s&step=5s', signal),
    get<Page<Target>>('targets', signal),
    get<Page<Route>>('routes', signal),
    get<Page<ListedEvent>>('events?limit=1', signal),
    get<ShownConfig>('config', signal),
  ]);
  return { stats, targets: targets.data, routes: routes.data, newest: events.data[0] ?? null, base: publicAddress(config) };
}

/** What there is, how it is, and how to send something. */
export function Overview({ query }: { query: URLSearchParams }) {
  const window = windowOf(query.get('window'));
  const load = useCallback(look, []);
  const { value, trouble, refresh } = usePolled(load);
  const { seen, trouble: figuresTrouble } = useFigures(window.name);
  const seriesOf = (name: string) => seen?.figures.targets.find(({ target }) => target === name)?.series ?? null;
  const words = (seen?.window ?? window).words;
  return (
    <>
      <div class="row between">
        <h1 tabIndex={-1}>Overview</h1>
        <WindowChoice chosen={window.name} place={(name) => placeOf([], { window: name })} />
      </div>
      <Trouble text={trouble ?? figuresTrouble} />
      {/* Both at once, so that nothing moves. */}
      {value !== null && seen !== null && (
        <>
          <Totals stats={value.stats} seen={seen} newest={value.newest} />
          {value.newest === null && (
            <FirstSteps route={value.routes.find(takesCurl) ?? value.routes[0]} base={value.base} onChange={refresh} />
          )}
          {value.newest !== null && <Traffic seen={seen} />}
          <section aria-labelledby="targets">
            <h2 id="targets">Targets</h2>
            <p class="muted small above">
              Bars are attempts in the last {words}: those that delivered stand, those that failed hang.
            </p>
            <ul class="cards">
              {value.targets.map((target) => (
                <TargetCard key={target.name} target={target} series={seriesOf(target.name)} words={words} onChange={refresh} />
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
