import type { Route } from '../api/types.ts';
import { Copyable } from '../parts/shown.tsx';
import { curlLine, needsToken } from '../words/curl.ts';

/** For a relay that nothing has arrived at. */
export function FirstSteps({ route, base }: { route: Route | undefined; base: string }) {
  if (route === undefined) return <p class="empty">No route is configured, so nothing can arrive.</p>;
  return (
    <section class="empty" aria-labelledby="first">
      <h2 id="first">Nothing has arrived yet</h2>
      <p>
        Send something to <code>{base + route.path}</code> and it shows up here within two seconds.
        {needsToken(route) && (
          <>
            {' '}
            <code>$TOKEN</code> stands for the token of route <b>{route.name}</b>.
          </>
        )}
      </p>
      <Copyable text={curlLine(route, base)} label="Copy the curl command" />
    </section>
  );
}
