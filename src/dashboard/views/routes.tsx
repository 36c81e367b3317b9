import { useCallback } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { Page, Route, ShownConfig } from '../api/types.ts';
import { Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { publicAddress } from '../words/curl.ts';
import { RouteCard } from './route-card.tsx';

async function look(signal: AbortSignal): Promise<{ routes: Route[]; base: string }> {
  const [routes, config] = await Promise.all([get<Page<Route>>('routes', signal), get<ShownConfig>('config', signal)]);
  return { routes: routes.data, base: publicAddress(config) };
}

/** All routes, in the order of the configuration. */
export function Routes() {
  const load = useCallback(look, []);
  const { value, trouble, refresh } = usePolled(load);
  return (
    <>
      <h1 tabIndex={-1}>Routes</h1>
      <p class="muted">Where senders reach the relay.</p>
      <Trouble text={trouble} />
      {value !== null && value.routes.length === 0 && <p class="empty">No route is configured, so nothing can arrive.</p>}
      {value !== null && (
        <>
          <h2 class="unseen">By name</h2>
          <ul class="cards wide">
            {value.routes.map((route) => (
              <RouteCard key={route.name} route={route} base={value.base} onChange={refresh} />
            ))}
          </ul>
        </>
      )}
    </>
  );
}
